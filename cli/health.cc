#include "cli/health.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

namespace mongoelector::cli {

void HealthFlags::add(Flags& flags) {
  flags.add_option("--health-cmd", command,
                   "a line for sh, asked while leading; step down when it keeps failing")
      .type_name("CMD");
  add_duration(flags, "--health-interval", interval,
               "how often, and how long it may take; default 5s");
  flags.add_option("--health-failures", failures, "failures in a row that are too many, default 3")
      .type_name("N")
      .range(1, 1000);
}

Health::Health(const HealthFlags& flags, Output& out, const Clock& clock, ChildPlan plan)
    : flags_(flags), out_(out), clock_(clock), plan_(std::move(plan)) {}

void Health::begin() {
  failed_ = 0;
  // What was just started is given the time to come up.
  if (!flags_.command.empty()) ask_at_ = clock_.now() + flags_.interval;
}

void Health::end() {
  ask_at_ = Instant::max();
  running_.reset();
}

bool Health::look() {
  if (!running_ && clock_.now() < ask_at_) return false;
  const auto outcome = ask();
  if (!outcome) return false;
  running_.reset();
  ask_at_ = clock_.now() + flags_.interval;
  if (outcome->empty()) {
    failed_ = 0;
    return false;
  }
  ++failed_;
  out_.note(fmt::format("health check failed, {} of {}: {}", failed_, flags_.failures, *outcome));
  return failed_ == flags_.failures;
}

std::optional<std::string> Health::ask() {
  try {
    if (!running_) running_.emplace(plan_, flags_.command, clock_, flags_.interval);
    return running_->outcome();
  } catch (const std::system_error& error) {
    return error.what();
  }
}

}  // namespace mongoelector::cli
