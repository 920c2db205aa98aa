#include "session/store_time.h"

namespace mongoelector::internal {

StoreTime compensated(WallTime before, WallTime store, WallTime after) {
  const Duration half_trip = (after - before) / 2;
  const Duration offset =
      store - (before + std::chrono::duration_cast<WallTime::duration>(half_trip));
  return {.offset = offset, .blur = std::chrono::abs(half_trip)};
}

std::optional<StoreTime> ask_store_time(LeaseStore& store, const Clock& clock) {
  const WallTime before = clock.wall();
  const StoreInfo info = store.info();
  const WallTime after = clock.wall();
  if (info.outcome != Outcome::granted) return std::nullopt;
  StoreTime time{.measured = false};
  if (info.time) time = compensated(before, *info.time, after);
  time.warnings = info.warnings;
  return time;
}

}  // namespace mongoelector::internal
