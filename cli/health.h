// Whether the service beside us is well: `run --health-cmd`.
#pragma once

#include <optional>
#include <string>

#include "cli/globals.h"
#include "cli/script.h"

namespace mongoelector::cli {

struct HealthFlags {
  std::string command;
  Duration interval = std::chrono::seconds(5);
  int failures = 3;

  void add(Flags& flags);
};

// Asks every interval, and takes an answer that needs longer than that as a no. Sick is who said no
// `failures` times in a row.
class Health {
 public:
  Health(const HealthFlags& flags, Output& out, const Clock& clock, ChildPlan plan);

  // From now on, as if never asked before.
  void begin();
  void end();
  // Call it when fd() is readable or deadline() has come. True: it has just turned out to be sick.
  bool look();
  int fd() const { return running_ ? running_->fd() : -1; }
  Instant deadline() const { return running_ ? running_->deadline() : ask_at_; }

 private:
  std::optional<std::string> ask();

  const HealthFlags& flags_;
  Output& out_;
  const Clock& clock_;
  const ChildPlan plan_;
  std::optional<Script> running_;
  Instant ask_at_ = Instant::max();
  int failed_ = 0;
};

}  // namespace mongoelector::cli
