#include "cli/child.h"

#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/poll.h"
#include "base/text.h"

namespace mongoelector::cli {

namespace {

constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;
constexpr Duration kLookAgain = std::chrono::milliseconds(5);

Instant after(Instant from, Duration time) {
  return from == Instant::max() ? from : from + time;
}

int shell_code(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

}  // namespace

Child::Child(const ChildPlan& plan, const Clock& clock, Duration grace)
    : clock_(clock),
      grace_(grace),
      name_(plan.argv.at(0)),
      covered_until_(plan.covered_until),
      told_(after(plan.covered_until, grace)),
      guardian_(plan, clock, told_) {}

void Child::covered_until(Instant deadline) {
  covered_until_ = deadline;
  set_kill_time();
}

void Child::stop(int signal) {
  if (stopping()) {
    impatient_ = impatient_ || signal == SIGINT;
  } else {
    stop_at_ = clock_.now();
    guardian_.signal_group(signal);
    // A command that was suspended could not hear it.
    guardian_.signal_group(SIGCONT);
  }
  set_kill_time();
}

void Child::lease_lost() {
  guardian_.sweep();
  guardian_.signal_group(SIGTERM);
  guardian_.signal_group(SIGCONT);
  stop_at_ = std::min(stop_at_, clock_.now());
  set_kill_time();
}

void Child::set_kill_time() {
  Instant at = std::min(after(covered_until_, grace_), after(stop_at_, grace_));
  if (impatient_) at = clock_.now();
  if (at == told_) return;
  told_ = at;
  guardian_.kill_at(at);
}

void Child::end(int wait_status) {
  exit_code_ = never_ran_.value_or(shell_code(wait_status));
  if (!never_ran_ && WIFSIGNALED(wait_status)) ended_by_ = WTERMSIG(wait_status);
}

void Child::look() {
  while (!exit_code_) {
    const auto report = guardian_.next_report();
    if (!report) return;
    switch (report->kind) {
      case Guardian::Report::started:
        pid_ = static_cast<pid_t>(report->value);
        break;
      case Guardian::Report::exec_failed:
        obstacle_ = "cannot run " + internal::quoted(name_) + ": " +
                    std::strerror(static_cast<int>(report->value));
        // Like a shell: nothing of that name, or something that cannot be executed.
        never_ran_ = report->value == ENOENT ? kNotFound : kNotExecutable;
        break;
      case Guardian::Report::ended:
        end(static_cast<int>(report->value));
        break;
      case Guardian::Report::suspended:
        suspended_ = true;
        break;
      case Guardian::Report::escaped:
        escaped_ = static_cast<pid_t>(report->value);
        break;
      case Guardian::Report::vanished:
        // Killed, but nobody waits for it: until it is gone it may still write what it was writing.
        if (clock_.now() < vanished_until_) return wait_a_little();
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
  internal::poll_until(clock_, {}, clock_.now() + kLookAgain);
}

}  // namespace mongoelector::cli
