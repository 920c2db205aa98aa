// One command that runs while a lease is held, and never longer.
//
// Whoever holds the lease calls covered_until() as it is renewed. KILL follows `grace` after the
// last such moment at the latest, even if nobody says anything any more; the lease itself must not
// end before (supervision.h leaves room for that). stop() and lease_lost() are the gentle ways: a
// signal first, KILL after the grace.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cli/guardian.h"

namespace mongoelector::cli {

// Made, used and destroyed by one thread. The destructor kills what still runs.
class Child {
 public:
  // With a guardian that was made before, if there is one.
  Child(const ChildPlan& plan, const Clock& clock, Duration grace,
        std::unique_ptr<Guardian> guardian = nullptr);

  // Replaces plan.covered_until.
  void covered_until(Instant deadline);
  Instant covered_until() const { return covered_until_; }

  // Signals that mean nothing to us.
  void pass_on(int signal) { signal_group(signal); }
  // The first is passed on, and KILL follows after the grace; a later INT ends the grace.
  void stop(int signal);
  // Whatever else was asked: TERM now, the whole group gone after the grace.
  void lease_lost();
  bool stopping() const { return stop_at_ != Instant::max(); }
  // True once, when it or what it left has not got a signal because it runs as somebody else:
  // nothing but itself ends it then.
  bool out_of_reach() { return refused_ && !std::exchange(refusal_told_, true); }
  // When stop() or lease_lost() was called first.
  Instant stop_at() const { return stop_at_; }

  // Readable when something happened to the command: call look(), and at kill_at().
  int fd() const { return guardian_->fd(); }
  Instant kill_at() const { return killed_ ? Instant::max() : told_; }
  void look();
  pid_t pid() const { return pid_; }
  // The exit code as a shell gives it, once the command has ended: 126 and 127 if it cannot be
  // executed, 71 if there was no process to be had, 128+N if signal N ended it.
  std::optional<int> exit_code() const { return exit_code_; }
  // The signal that ended it, if one did.
  std::optional<int> ended_by() const { return ended_by_; }
  // A process that it left behind where KILL for the group does not reach, if there is one.
  std::optional<pid_t> escaped() const { return escaped_; }
  // The signal that suspended it (Ctrl-Z, STOP, TTIN), until we continue it.
  std::optional<int> suspended_by() const { return suspended_by_; }
  // Whether it was suspended since the last call.
  bool newly_suspended() { return std::exchange(newly_suspended_, false); }
  // What kept it from running; empty if it ran.
  const std::string& obstacle() const { return obstacle_; }
  // False: it could not be executed, or the guardian came too late to start it.
  bool ran() const { return pid_ > 0 && obstacle_.empty(); }

 private:
  void signal_group(int signal);
  void take_reports();
  void set_kill_time();
  void never_ran(int code, const std::string& what, long error);
  void end(int wait_status);
  void wait_a_little();

  const Clock& clock_;
  const Duration grace_;
  const std::string name_;
  Instant covered_until_;
  Instant told_;  // to the guardian: when to kill
  const std::unique_ptr<Guardian> guardian_;
  pid_t pid_ = -1;
  Instant stop_at_ = Instant::max();
  bool impatient_ = false;
  bool killed_ = false;  // by us, at told_
  bool refused_ = false;
  bool refusal_told_ = false;
  Instant vanished_until_ = Instant::max();  // how long to wait for its group without a guardian
  std::optional<int> never_ran_;
  std::optional<int> exit_code_;
  std::optional<int> ended_by_;
  std::optional<pid_t> escaped_;
  std::optional<int> suspended_by_;
  bool newly_suspended_ = false;
  std::string obstacle_;
};

}  // namespace mongoelector::cli
