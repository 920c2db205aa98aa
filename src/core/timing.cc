#include "core/timing.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/text.h"
#include "mongoelector/error.h"

namespace mongoelector::internal {

namespace {

constexpr Duration kLongestCallBudget = std::chrono::seconds(5);

std::string named(const char* name, Duration value) {
  return std::string(name) + " " + show_duration(value);
}

void check_positive(const Timing& timing) {
  const std::array<std::pair<const char*, Duration>, 5> parts{{{"renew_every", timing.renew_every},
                                                               {"margin", timing.margin},
                                                               {"call_budget", timing.call_budget},
                                                               {"retry_pause", timing.retry_pause},
                                                               {"poll", timing.poll}}};
  for (const auto& [name, value] : parts) {
    if (value <= Duration::zero())
      throw ArgumentError(named(name, value) + " must be longer than 0");
    if (value > kLargestTtl) {
      throw ArgumentError(named(name, value) + " is longer than the largest ttl " +
                          show_duration(kLargestTtl));
    }
  }
}

}  // namespace

Timing resolve_timing(Duration ttl, const TimingOptions& options, Duration smallest_ttl) {
  if (ttl < smallest_ttl) {
    throw ArgumentError(named("ttl", ttl) + " is shorter than the smallest ttl of this store, " +
                        show_duration(smallest_ttl));
  }
  if (ttl > kLargestTtl)
    throw ArgumentError(named("ttl", ttl) + " is longer than " + show_duration(kLargestTtl));
  const Timing timing{
      .ttl = ttl,
      .renew_every = options.renew_every.value_or(ttl / 5),
      .margin = options.margin.value_or(ttl / 5),
      .call_budget = options.call_budget.value_or(std::min(ttl / 10, kLongestCallBudget)),
      .retry_pause = options.retry_pause.value_or(ttl / 20),
      .poll = options.poll.value_or(ttl / 5)};
  check_positive(timing);
  if (timing.margin >= ttl) {
    throw ArgumentError(named("margin", timing.margin) + " must be shorter than " +
                        named("ttl", ttl));
  }
  if (timing.renew_every >= ttl - timing.margin) {
    throw ArgumentError(
        named("renew_every", timing.renew_every) + " must be shorter than ttl - margin (" +
        named("ttl", ttl) + ", " + named("margin", timing.margin) + ": " +
        show_duration(ttl - timing.margin) + ")");
  }
  const Duration room = ttl - timing.margin - timing.renew_every;
  const Duration three_tries = 3 * (timing.call_budget + timing.retry_pause);
  if (three_tries > room) {
    throw ArgumentError(
        "three tries of " + named("call_budget", timing.call_budget) + " + " +
        named("retry_pause", timing.retry_pause) + " (" + show_duration(three_tries) +
        ") must fit into ttl - margin - renew_every (" + named("ttl", ttl) + ", " +
        named("margin", timing.margin) + ", " + named("renew_every", timing.renew_every) + ": " +
        show_duration(room) + ")");
  }
  return timing;
}

}  // namespace mongoelector::internal
