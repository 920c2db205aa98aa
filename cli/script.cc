#include "cli/script.h"

#include <signal.h>

#include <utility>

namespace mongoelector::cli {

namespace {

constexpr Duration kGrace = std::chrono::seconds(1);

ChildPlan with(ChildPlan plan, const std::string& line, Instant deadline) {
  plan.covered_until = deadline;
  plan.argv = {"/bin/sh", "-c", "exec </dev/null >&2\n" + line};
  return plan;
}

}  // namespace

Script::Script(ChildPlan plan, const std::string& line, const Clock& clock, Duration timeout)
    : clock_(clock),
      deadline_(clock.now() + timeout),
      child_(with(std::move(plan), line, deadline_), clock, kGrace) {}

std::optional<std::string> Script::outcome() {
  child_.look();
  if (!child_.exit_code()) {
    if (clock_.now() >= deadline_ && !child_.stopping()) {
      late_ = true;
      stop();
    }
    return std::nullopt;
  }
  if (late_) return "took too long";
  if (*child_.exit_code() == 0) return "";
  return "exit code " + std::to_string(*child_.exit_code());
}

void Script::stop() { child_.stop(SIGTERM); }

}  // namespace mongoelector::cli
