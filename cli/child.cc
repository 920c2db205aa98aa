#include "cli/child.h"

#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/poll.h"
#include "base/text.h"
#include "cli/exit_codes.h"

namespace mongoelector::cli {

namespace {

// Like a shell: nothing of that name, or something that cannot be executed.
constexpr int kNotExecutable = static_cast<int>(Exit::not_executable);
constexpr int kNotFound = static_cast<int>(Exit::not_found);
constexpr int kNoProcess = static_cast<int>(Exit::os_error);
constexpr Duration kLookAgain = std::chrono::milliseconds(5);
constexpr Duration kLookAgainOutOfReach = std::chrono::milliseconds(100);

Instant after(Instant from, Duration time) {
  return from == Instant::max() ? from : from + time;
}

int shell_code(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

}  // namespace

Child::Child(const ChildPlan& plan, const Clock& clock, Duration grace,
             std::unique_ptr<Guardian> guardian)
    : clock_(clock),
      grace_(grace),
      name_(plan.argv.at(0)),
      covered_until_(plan.covered_until),
      told_(after(plan.covered_until, grace)),
      guardian_(guardian && guardian->waits() ? std::move(guardian)
                                              : std::make_unique<Guardian>(clock)) {
  guardian_->start(plan, told_);
}

void Child::covered_until(Instant deadline) {
  covered_until_ = deadline;
  set_kill_time();
}

void Child::signal_group(int signal) {
  take_reports();  // a group that is gone is not to be signalled: its number may be another's
  if (exit_code_) return;
  if (!guardian_->signal_group(signal)) refused_ = true;
  if (signal == SIGCONT) suspended_by_.reset();
}

void Child::stop(int signal) {
  if (stopping()) {
    impatient_ = impatient_ || signal == SIGINT;
  } else {
    stop_at_ = clock_.now();
    signal_group(signal);
    // A command that was suspended could not hear it.
    signal_group(SIGCONT);
  }
  set_kill_time();
}

void Child::lease_lost() {
  guardian_->sweep();
  signal_group(SIGTERM);
  signal_group(SIGCONT);
  stop_at_ = std::min(stop_at_, clock_.now());
  set_kill_time();
}

void Child::set_kill_time() {
  Instant at = std::min(after(covered_until_, grace_), after(stop_at_, grace_));
  if (impatient_) at = clock_.now();
  if (at == told_) return;
  told_ = at;
  guardian_->kill_at(at);
}

void Child::end(int wait_status) {
  exit_code_ = never_ran_.value_or(shell_code(wait_status));
  if (!never_ran_ && WIFSIGNALED(wait_status)) ended_by_ = WTERMSIG(wait_status);
}

void Child::never_ran(int code, const std::string& what, long error) {
  never_ran_ = code;
  obstacle_ = what + ": " + std::strerror(static_cast<int>(error));
}

void Child::look() {
  take_reports();
  if (exit_code_ || clock_.now() < told_ || std::exchange(killed_, true)) return;
  // The guardian has done so, unless something holds it up.
  signal_group(SIGKILL);
  guardian_->kill_at(told_);
}

void Child::take_reports() {
  while (!exit_code_) {
    const auto report = guardian_->next_report();
    if (!report) return;
    switch (report->kind) {
      case Guardian::Report::started:
        pid_ = static_cast<pid_t>(report->value);
        break;
      case Guardian::Report::fork_failed:
        never_ran(kNoProcess, "cannot start a process", report->value);
        break;
      case Guardian::Report::exec_failed:
        never_ran(report->value == ENOENT ? kNotFound : kNotExecutable,
                  "cannot run " + internal::quoted(name_), report->value);
        break;
      case Guardian::Report::ending:
        break;
      case Guardian::Report::out_of_reach:
        refused_ = true;
        break;
      case Guardian::Report::ended:
        end(static_cast<int>(report->value));
        break;
      case Guardian::Report::suspended:
        suspended_by_ = static_cast<int>(report->value);
        newly_suspended_ = true;
        break;
      case Guardian::Report::escaped:
        escaped_ = static_cast<pid_t>(report->value);
        break;
      case Guardian::Report::vanished:
        // Killed, but nobody waits for it: until it is gone it may still write what it was writing.
        // What does not hear us is not killed, and is waited for as long as it takes.
        if (report->value == EPERM) refused_ = true;
        if (refused_ || clock_.now() < vanished_until_) return wait_a_little();
        end(SIGKILL);
        break;
      case Guardian::Report::gone:
        end(SIGKILL);
        break;
    }
  }
}

// There is nothing to hear from, only to look at.
void Child::wait_a_little() {
  if (vanished_until_ == Instant::max()) vanished_until_ = clock_.now() + grace_;
  internal::poll_until(clock_, {}, clock_.now() + (refused_ ? kLookAgainOutOfReach : kLookAgain));
}

}  // namespace mongoelector::cli
