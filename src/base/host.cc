#include "base/host.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <fstream>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

namespace mongoelector::internal {

struct NameLookUp::Answer {
  std::mutex mutex;
  std::condition_variable given;
  std::optional<std::string> name;

  void give(std::string answer) {
    const std::lock_guard lock(mutex);
    name = std::move(answer);
    given.notify_all();
  }
};

NameLookUp::NameLookUp(std::function<std::string()> ask) : answer_(std::make_shared<Answer>()) {
  // Signals belong to the program.
  sigset_t all{};
  sigset_t before{};
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread([answer = answer_, ask = std::move(ask)] {
      std::string name;
      try {
        name = ask();
      } catch (const std::exception&) {  // no answer
      }
      answer->give(std::move(name));
    }).detach();
  } catch (const std::exception&) {
    answer_->give({});
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

std::string NameLookUp::get(Duration patience) const {
  std::unique_lock lock(answer_->mutex);
  answer_->given.wait_until(lock, began_ + patience, [&] { return answer_->name.has_value(); });
  return answer_->name.value_or("");
}

namespace {

constexpr Duration kPatience = std::chrono::seconds(1);

std::string look_up_host_name() {
  std::string result = host_name();
  addrinfo hints{};
  hints.ai_flags = AI_CANONNAME;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(result.c_str(), nullptr, &hints, &found) == 0) {
    for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
      if (entry->ai_canonname != nullptr && std::strchr(entry->ai_canonname, '.') != nullptr) {
        result = entry->ai_canonname;
        break;
      }
    }
    freeaddrinfo(found);
  }
  return result;
}

// Of this process: in a child the thread that asks is missing. Never freed, because a thread that
// is left behind may ask at any time.
const NameLookUp& own_name() {
  struct Asked {
    pid_t by = getpid();
    NameLookUp name{look_up_host_name};
  };
  static std::atomic<const Asked*> asked = nullptr;
  const Asked* known = asked.load();
  if (known != nullptr && known->by == getpid()) return known->name;
  const auto* mine = new Asked;
  if (asked.compare_exchange_strong(known, mine)) return mine->name;
  delete mine;
  return known->name;
}

}  // namespace

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

void begin_qualified_host_name() { own_name(); }

std::string qualified_host_name() {
  std::string name = own_name().get(kPatience);
  return name.empty() ? host_name() : name;
}

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
