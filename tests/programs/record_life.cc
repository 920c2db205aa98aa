// A command for `lock` and `run` that records when it lived, by CLOCK_BOOTTIME: from its first
// instruction to the last moment before it was killed, however it was killed.
//
// usage: record_life FOLDER      writes FOLDER/PID and lives until a signal ends it
#include "programs/record_life.h"

#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace {

std::int64_t boottime_ns() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

pid_t parent_of(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(in, line);
  return static_cast<pid_t>(std::stol(line.substr(line.rfind(')') + 4)));
}

}  // namespace

int main(int argc, char** argv) {
  mongoelector::test::Life life{.from = boottime_ns()};
  if (argc != 2) return 64;
  const std::string name = std::string(argv[1]) + "/" + std::to_string(getpid());
  life.supervisor = parent_of(getppid());
  const int file = open((name + ".new").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  for (bool shown = false;; shown = true) {
    life.to = boottime_ns();
    if (pwrite(file, &life, sizeof life, 0) != sizeof life) return 74;
    if (!shown && rename((name + ".new").c_str(), name.c_str()) != 0) return 74;
    poll(nullptr, 0, 1);
  }
}
