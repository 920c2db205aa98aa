// When a command that ended is started again, and when no more.
#pragma once

#include <deque>
#include <optional>

#include "cli/globals.h"
#include "mongoelector/clock.h"

namespace mongoelector::cli {

enum class Restart { no, on_failure, always };
enum class GiveUp { stepdown, exit };

struct RestartFlags {
  Restart when = Restart::no;
  Duration delay = std::chrono::seconds(1);
  int most = 3;
  Duration window = std::chrono::minutes(5);
  GiveUp give_up = GiveUp::stepdown;
  Duration cooldown = std::chrono::minutes(1);

  void add(Flags& flags);
};

// At most `most` restarts within any time of `window`, each after twice the pause of the one
// before. Pure.
class Restarts {
 public:
  explicit Restarts(const RestartFlags& flags) : flags_(flags), delay_(flags.delay) {}

  bool wanted(int exit_code) const {
    return flags_.when == Restart::always ||
           (flags_.when == Restart::on_failure && exit_code != 0);
  }
  // The pause before the next restart; nothing: too many, give up.
  std::optional<Duration> next(Instant now);
  // Another term, or another try after giving up.
  void begin_anew();

 private:
  const RestartFlags& flags_;
  Duration delay_;
  std::deque<Instant> recent_;
};

}  // namespace mongoelector::cli
