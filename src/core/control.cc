#include "core/control.h"

#include <algorithm>

#include "mongoelector/options.h"

namespace mongoelector::internal {

namespace {

// Long enough for "until further notice": the row is read again all the time.
constexpr Duration kLongestBar = kLargestTtl;

// A row may say anything; bounded first, nothing overflows later.
Duration left(WallTime now, WallTime until) {
  if (until <= now) return Duration::zero();
  return std::min<Duration>(kLongestBar, until - now);
}

}  // namespace

ControlEffect effect_of(const ControlRow& row, WallTime now, const Holder& self, Duration ttl) {
  ControlEffect effect;
  const auto bar = [&](Duration length) {
    effect.barred_for = std::max(effect.barred_for, length);
  };
  if (row.pause) bar(left(now, row.pause->until));
  const auto cordoned = std::any_of(row.cordoned.begin(), row.cordoned.end(),
                                    [&](const std::string& one) { return means(one, self); });
  if (cordoned) bar(kLongestBar);
  if (row.stepdown) {
    const StepDown& asked = *row.stepdown;
    const Duration ahead = left(now, asked.at);
    const Duration out = left(now, asked.until);
    if (asked.uuid == self.uuid) {
      effect.due_in = ahead;
      if (ahead > Duration::zero()) return effect;
      effect.step_down = out > Duration::zero();
      bar(out);
    } else if (!asked.to.empty()) {
      // From just before on the successor goes first, and all others stand back.
      effect.due_in = std::max(ahead - ttl / 2, Duration::zero());
      if (effect.due_in > Duration::zero()) return effect;
      // The successor is left some time, not for ever: it may be gone.
      const auto reserved = std::chrono::duration_cast<WallTime::duration>(2 * ttl);
      const Duration rest = std::min(out, left(now, asked.at + reserved));
      if (means(asked.to, self)) {
        effect.named_for = rest;
      } else {
        bar(rest);
      }
    }
  }
  return effect;
}

}  // namespace mongoelector::internal
