#include "cli/restarts.h"

#include <algorithm>

#include "cli/supervision.h"

namespace mongoelector::cli {

namespace {

constexpr Duration kLongestDelay = std::chrono::seconds(60);

}  // namespace

void RestartFlags::add(Flags& flags) {
  add_choice<Restart>(
      flags, "--restart", when,
      {{"no", Restart::no}, {"on-failure", Restart::on_failure}, {"always", Restart::always}},
      "when the command ends while leading: no (default: hand over, exit with its code), "
      "on-failure or always");
  add_duration(flags, "--restart-delay", delay,
               "pause before a restart, default 1s; doubles up to 60s");
  flags.add_option("--max-restarts", most, "restarts in --restart-window, default 3; then give up")
      .type_name("N")
      .range(0, 1'000'000);
  add_duration(flags, "--restart-window", window, "default 5m");
  add_choice<GiveUp>(flags, "--give-up", give_up,
                     {{"stepdown", GiveUp::stepdown}, {"exit", GiveUp::exit}},
                     "stepdown: leave it to others for --cooldown (default); exit: with code 82");
  add_duration(flags, "--cooldown", cooldown,
               "how long to stay out after giving up or a failed health check, default 1m");
}

std::optional<Duration> Restarts::next(Instant now) {
  while (!recent_.empty() && now - recent_.front() >= flags_.window) recent_.pop_front();
  if (recent_.size() >= static_cast<std::size_t>(flags_.most)) return std::nullopt;
  const Duration pause = delay_;
  recent_.push_back(now);
  delay_ = std::min(delay_ * 2, std::max(kLongestDelay, flags_.delay));
  return pause;
}

void Restarts::begin_anew() {
  delay_ = flags_.delay;
  recent_.clear();
}

}  // namespace mongoelector::cli
