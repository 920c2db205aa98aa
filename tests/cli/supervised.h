// What the tests of `lock` and `run` share: a store of their own and a look at processes.
#pragma once

#include <sqlite3.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <array>
#include <chrono>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "base/poll.h"
#include "cli/child.h"
#include "mongoelector/mongoelector.h"
#include "support/content.h"
#include "support/temp_dir.h"
#include "support/tool.h"

namespace mongoelector::test {

// The state of a process as the kernel names it: R, S, T, Z; 0 if there is none.
inline char process_state(pid_t pid) {
  const std::string line = content("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_ends = line.rfind(')');
  return name_ends == std::string::npos ? '\0' : line.at(name_ends + 2);
}

// Runs no more; whether somebody has asked for its exit code does not matter.
inline bool gone(pid_t pid) {
  const char state = process_state(pid);
  return state == '\0' || state == 'Z';
}

// A child of this thread, by its kernel name; -1: there is none.
inline pid_t child_named(const std::string& name) {
  std::istringstream children(content("/proc/thread-self/children"));
  for (pid_t pid = -1; children >> pid;)
    if (content("/proc/" + std::to_string(pid) + "/comm") == name + "\n") return pid;
  return -1;
}

// The process that guards a command.
inline pid_t guardian_of(pid_t command) {
  const std::string stat = content("/proc/" + std::to_string(command) + "/stat");
  return std::stoi(stat.substr(stat.rfind(')') + 4));
}

// A process that is stopped so that CONT does not help. Used by one thread.
class Frozen {
 public:
  explicit Frozen(pid_t pid) : pid_(pid) {
    stopped_ = ptrace(PTRACE_SEIZE, pid_, nullptr, nullptr) == 0 &&
               ptrace(PTRACE_INTERRUPT, pid_, nullptr, nullptr) == 0 &&
               waitpid(pid_, nullptr, 0) == pid_;
  }
  ~Frozen() { ptrace(PTRACE_DETACH, pid_, nullptr, nullptr); }
  bool stopped() const { return stopped_; }

 private:
  const pid_t pid_;
  bool stopped_ = false;
};

// Of a command that runs without the tool around it; -1 if it does not end.
inline int exit_code_of(cli::Child& child, const Clock& clock) {
  while (!child.exit_code()) {
    std::array<pollfd, 1> watched{{{.fd = child.fd(), .events = POLLIN}}};
    if (!internal::poll_until(clock, watched, clock.now() + std::chrono::seconds(20))) return -1;
    child.look();
  }
  return *child.exit_code();
}

// A SQLite file and the tool on it.
class LocalStore {
 public:
  std::string uri() const { return "sqlite:" + dir_.file("leases.db"); }
  std::string file(const std::string& name) const { return dir_.file(name); }

  std::vector<std::string> command(const std::string& name,
                                   std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--uri", uri(), name});
    return tool_command(arguments);
  }
  // `lock a FLAGS -- sh -c SCRIPT`
  std::vector<std::string> lock(const std::string& script,
                                std::vector<std::string> flags = {}) const {
    return with_script("lock", std::move(flags), script);
  }
  // `run a FLAGS -- sh -c SCRIPT`
  std::vector<std::string> run(const std::string& script,
                               std::vector<std::string> flags = {}) const {
    return with_script("run", std::move(flags), script);
  }
  // What the store says about lock or election "a".
  std::optional<Record> record(Kind kind) const {
    const auto session = connect(uri());
    return session->store().read(Key(kind, "a")).record;
  }
  // What an operator does to a lease that has to go.
  void break_lease(Kind kind) const {
    const auto session = connect(uri());
    const ReadReply reply = session->store().read(Key(kind, "a"));
    session->store().break_lease(reply.record.value());
  }

 private:
  std::vector<std::string> with_script(const std::string& name, std::vector<std::string> flags,
                                       const std::string& script) const {
    flags.insert(flags.begin(), "a");
    flags.insert(flags.end(), {"--", "sh", "-c", script});
    return command(name, std::move(flags));
  }

  TempDir dir_;
};

// Holds the write lock of a SQLite file: nobody can renew, everybody can read.
class WriteBlock {
 public:
  explicit WriteBlock(const std::string& file) {
    sqlite3_open(file.c_str(), &database_);
    sqlite3_busy_timeout(database_, 5000);
    taken_ = sqlite3_exec(database_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK;
  }
  ~WriteBlock() { sqlite3_close(database_); }
  bool taken() const { return taken_; }

 private:
  sqlite3* database_ = nullptr;
  bool taken_ = false;
};

// Answers signals by printing their names, ends at nothing but KILL and the end of the test. On a
// busy machine its answer takes a second: who waits for it has to give it that much grace.
inline const std::string kStubborn =
    "for s in INT TERM QUIT HUP USR1 USR2; do trap \"echo got $s\" $s; done; echo ready $$; "
    "while :; do sleep 0.02; done";
// Does what it is told.
inline const std::string kObedient = "echo ready $$; exec sleep 1000";

// The pid in "ready PID".
inline pid_t await_ready(Process& process) {
  return static_cast<pid_t>(std::stol(process.await_line("ready").substr(6)));
}

}  // namespace mongoelector::test
