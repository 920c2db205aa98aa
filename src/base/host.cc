#include "base/host.h"

#include <time.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <stdexcept>

namespace mongoelector::internal {

std::int64_t process_id() { return getpid(); }

std::string boot_id() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string text;
  if (!(in >> text) || text.empty())
    throw std::runtime_error("cannot read the boot id of this machine");
  return text;
}

std::string time_namespace() {
  std::array<char, 64> target{};
  const ssize_t size = readlink("/proc/self/ns/time", target.data(), target.size() - 1);
  // Kernels without time namespaces have one clock for all.
  return size > 0 ? std::string(target.data(), static_cast<std::size_t>(size))
                  : std::string("none");
}

std::int64_t monotonic_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

std::int64_t wall_seconds() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec;
}

}  // namespace mongoelector::internal
