// Whether a record has stood still for its whole ttl on our own clock: the part of the same-clock
// rule (docs/protocol.md section 3) that needs no server clock. Pure: time comes as an argument.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include "mongoelector/clock.h"
#include "mongoelector/lease.h"
#include "mongoelector/options.h"

namespace mongoelector::internal {

class Standstill {
 public:
  // `own_ttl` counts for records that do not say theirs (Python clients).
  // `passed` is Clock::passed(): a clock that was set must not make a living holder's record old.
  void observe(const Record& record, Duration own_ttl, Duration passed) {
    RecordMark mark = mark_of(record);
    if (mark_ == mark) return;
    // A record may say anything: a ttl beyond every lease of ours must not overflow into the past.
    const Duration said = record.ttl > Duration::zero() ? record.ttl : own_ttl;
    const Duration ttl = std::min(said, kLargestTtl);
    mark_ = std::move(mark);
    // A percent for clocks that run at different rates.
    stands_at_ = passed + ttl + ttl / 100;
  }
  // The mark to claim with, once the record observed last has stood still.
  std::optional<RecordMark> stood_still(Duration passed) const {
    return passed >= stands_at_ ? mark_ : std::nullopt;
  }
  // How long until it will have; Duration::max() before anything was observed.
  Duration rest(Duration passed) const {
    return mark_ ? std::max(stands_at_ - passed, Duration::zero()) : Duration::max();
  }

 private:
  std::optional<RecordMark> mark_;
  Duration stands_at_ = Duration::max();
};

}  // namespace mongoelector::internal
