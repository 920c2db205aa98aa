// The command line as a whole process, beside flock(1) and beside the bare driver.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <system_error>

#include "bench/bench.h"
#include "support/temp_dir.h"

namespace mongoelector::bench {

namespace {

constexpr int kRounds = 200;

// From the start of a program to its end, its output thrown away.
double run_ms(std::vector<std::string> command) {
  std::vector<char*> argv;
  for (std::string& word : command) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  int status = -1;
  const double ms = timed([&] {
    if (const int error =
            posix_spawnp(&pid, argv[0], &quiet, nullptr, argv.data(), environ))
      throw std::system_error(error, std::generic_category(), command[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
  });
  posix_spawn_file_actions_destroy(&quiet);
  if (status != 0) throw std::runtime_error(command[0] + " failed");
  return ms;
}

void measure_lock(Group& group) {
  const test::TempDir dir;
  const std::string uri = "sqlite:" + dir.file("leases.db");
  Sample ours;
  Sample flock;
  for (int round = 0; round < kRounds; ++round) {
    flock.add(run_ms({"flock", dir.file("lock"), "true"}));
    ours.add(run_ms({MONGOELECTOR_CLI, "lock", "nightly", "--uri", uri, "--", "true"}));
  }
  const double ratio = ours.p50() / flock.p50();
  group.figures.push_back({.what = "`lock nightly -- true` on SQLite, whole process, p50",
                           .reached = text_of(ours.p50(), "ms") + ", " + text_of(ratio, "x"),
                           .beside = "`flock FILE true` " + text_of(flock.p50(), "ms"),
                           .target = "<= 3 x",
                           .met = ratio <= 3});
}

}  // namespace

Group measure_tool() {
  Group group{.name = "the command line"};
  measure_lock(group);
  return group;
}

}  // namespace mongoelector::bench
