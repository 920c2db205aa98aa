// One command that runs while a lease is held, and never longer.
//
// Whoever holds the lease calls covered_until() as it is renewed. KILL follows `grace` after the
// last such moment at the latest, even if nobody says anything any more; the lease itself must not
// end before (supervision.h leaves room for that). stop() and lease_lost() are the gentle ways: a
// signal first, KILL after the grace.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "cli/guardian.h"

namespace mongoelector::cli {

// Made, used and destroyed by one thread. The destructor kills what still runs.
class Child {
 public:
  Child(const ChildPlan& plan, const Clock& clock, Duration grace);

  // Replaces plan.covered_until.
  void covered_until(Instant deadline);
  Instant covered_until() const { return covered_until_; }

  // Signals that mean nothing to us.
  void pass_on(int signal) { guardian_.signal_group(signal); }
  // The first is passed on, and KILL follows after the grace; a later INT ends the grace.
  void stop(int signal);
  // Whatever else was asked: TERM now, the whole group gone after the grace.
  void lease_lost();
  bool stopping() const { return stop_at_ != Instant::max(); }
  // When stop() or lease_lost() was called first.
  Instant stop_at() const { return stop_at_; }

  // Readable when something happened to the command: call look().
  int fd() const { return guardian_.fd(); }
  void look();
  pid_t pid() const { return pid_; }
  // The exit code as a shell gives it, once the command has ended: 126 and 127 if it never ran,
  // 128+N if signal N ended it.
  std::optional<int> exit_code() const { return exit_code_; }
  // The signal that ended it, if one did.
  std::optional<int> ended_by() const { return ended_by_; }
  // A process that it left behind where KILL for the group does not reach, if there is one.
  std::optional<pid_t> escaped() const { return escaped_; }
  // Whether it was suspended since the last call (Ctrl-Z, STOP).
  bool suspended() { return std::exchange(suspended_, false); }
  // What kept it from running; empty if it ran.
  const std::string& obstacle() const { return obstacle_; }
  // False: it could not be executed, or the guardian came too late to start it.
  bool ran() const { return pid_ > 0 && obstacle_.empty(); }

 private:
  void set_kill_time();
  void end(int wait_status);
  void wait_a_little();

  const Clock& clock_;
  const Duration grace_;
  const std::string name_;
  Instant covered_until_;
  Instant told_;  // to the guardian: when to kill
  Guardian guardian_;
  pid_t pid_ = -1;
  Instant stop_at_ = Instant::max();
  bool impatient_ = false;
  Instant vanished_until_ = Instant::max();  // how long to wait for its group without a guardian
  std::optional<int> never_ran_;
  std::optional<int> exit_code_;
  std::optional<int> ended_by_;
  std::optional<pid_t> escaped_;
  bool suspended_ = false;
  std::string obstacle_;
};

}  // namespace mongoelector::cli
