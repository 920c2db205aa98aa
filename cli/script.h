// A short command beside the one that is supervised, with a deadline: hooks and health checks.
#pragma once

#include <optional>
#include <string>

#include "cli/child.h"

namespace mongoelector::cli {

// Runs a line for sh. Its output goes to stderr, as stdout is the answer's; it has no stdin. TERM
// at the deadline, KILL a second later, whoever still watches.
class Script {
 public:
  // `plan` says everything but what to run.
  Script(ChildPlan plan, const std::string& line, const Clock& clock, Duration timeout);

  // Nothing while it runs, else what was wrong: empty if it exited with 0.
  std::optional<std::string> outcome();
  void stop();
  int fd() const { return child_.fd(); }
  // Call outcome() then, if nothing else happens before.
  Instant deadline() const { return child_.stopping() ? Instant::max() : deadline_; }

 private:
  const Clock& clock_;
  const Instant deadline_;
  bool late_ = false;
  Child child_;
};

}  // namespace mongoelector::cli
