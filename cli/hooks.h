// Commands that hear of changes of role: --on-elected, --on-lost, --on-change.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/globals.h"
#include "cli/script.h"

namespace mongoelector::cli {

enum class Role { unknown, standby, leader };
std::string_view to_string(Role role);

struct HookFlags {
  std::string on_elected;
  std::string on_lost;
  std::string on_change;
  Duration timeout = std::chrono::seconds(10);

  void add(Flags& flags);
};

// One runs at a time, in the order of what happened, beside everything else: nothing waits for
// them, no hand-over and no stop of the command. A failure is counted and said. --on-elected is for
// the time of the term only: when that is over it is stopped, or not started.
class Hooks {
 public:
  // NAME=value for a hook's environment.
  using Facts = std::vector<std::pair<std::string, std::string>>;

  // `plan`: the environment and so on of every hook.
  Hooks(const HookFlags& flags, Output& out, const Clock& clock, ChildPlan plan);

  void role_changed(Role before, Role now, const Facts& facts);
  // Call it when fd() is readable or deadline() has come.
  void look();
  int fd() const { return running_ ? running_->fd() : -1; }
  Instant deadline() const { return running_ ? running_->deadline() : Instant::max(); }
  bool idle() const { return !running_ && waiting_.empty(); }
  std::size_t failures() const { return failures_; }

 private:
  struct Call {
    std::string_view event;
    std::string line;
    Facts facts;
  };

  void add(std::string_view event, const std::string& line, const Facts& facts);
  void start_next();
  void failed(const std::string& why);

  const HookFlags& flags_;
  Output& out_;
  const Clock& clock_;
  const ChildPlan plan_;
  std::deque<Call> waiting_;
  std::optional<Script> running_;
  std::string_view event_;  // of the one that runs
  std::size_t failures_ = 0;
};

}  // namespace mongoelector::cli
