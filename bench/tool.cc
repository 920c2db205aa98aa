// The command line as a whole process, beside flock(1) and beside the bare driver; and what it
// offers in a shell.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <system_error>

#include "bench/bare.h"
#include "bench/bench.h"
#include "bench/process.h"
#include "support/mongod.h"
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

void measure_start(Group& group) {
  const auto server = test::Mongod::replica_set();
  const std::string uri = server->uri("ours");
  BareClient(uri).write();
  Sample ours;
  Sample bare;
  for (int round = 0; round < kRounds; ++round) {
    bare.add(timed([&] { BareClient(uri).write(); }));
    std::optional<Process> tool;
    ours.add(timed([&] {
      tool.emplace(Process({MONGOELECTOR_CLI, "lock", "nightly", "--uri", uri, "--", "echo", "1"}));
      tool->read_number();
    }));
    tool->wait();
  }
  const double more = ours.p50() - bare.p50();
  group.figures.push_back(
      {.what = "`lock nightly -- echo` on MongoDB, from its start to the child's first word, p50",
       .reached = text_of(ours.p50(), "ms") + " = " + text_of(more, "ms") + " more",
       .beside = "bare driver, a connection and a majority write: " + text_of(bare.p50(), "ms"),
       .target = "<= 10 ms more",
       .met = more <= 10});
}

// In a shell that has read the script, as every shell has before somebody asks it.
void measure_completion(Group& group) {
  const test::TempDir dir;
  const std::string script = dir.file("script");
  const std::string answers =
      std::string(MONGOELECTOR_CLI) + " completion bash > " + script + " && . " + script +
      R"( && while IFS= read -r COMP_LINE; do
            COMP_POINT=${#COMP_LINE}
            _mongoelector
            echo ${#COMPREPLY[@]}
          done)";
  Process shell({"bash", "--norc", "-c", answers});
  Sample times;
  for (int round = 0; round < kRounds; ++round) {
    for (const char* line : {"mongoelector sw", "mongoelector lock nightly --", "mongoelector "}) {
      long long offered = 0;
      times.add(timed([&] {
        shell.tell(line);
        offered = shell.read_number();
      }));
      if (offered == 0) throw std::runtime_error(std::string("no completion of ") + line);
    }
  }
  group.figures.push_back({.what = "completion of a command or a flag in bash, without the store",
                           .reached = "p50 " + text_of(times.p50(), "ms") + ", p99 " +
                                      text_of(times.p99(), "ms"),
                           .target = "p99 <= 50 ms",
                           .met = times.p99() <= 50});
}

}  // namespace

Group measure_tool() {
  Group group{.name = "the command line"};
  measure_lock(group);
  measure_start(group);
  measure_completion(group);
  return group;
}

}  // namespace mongoelector::bench
