#include "session/store_time.h"

namespace mongoelector::internal {

std::optional<StoreTime> ask_store_time(LeaseStore& store, const Clock& clock) {
  const WallTime before = clock.wall();
  const StoreInfo info = store.info();
  const WallTime after = clock.wall();
  if (info.outcome != Outcome::granted) return std::nullopt;
  if (!info.time) return StoreTime{.warnings = info.warnings};
  // The store read its clock somewhere inside the round trip.
  const Duration half_trip = (after - before) / 2;
  const Duration offset =
      *info.time - (before + std::chrono::duration_cast<WallTime::duration>(half_trip));
  return StoreTime{
      .offset = offset, .blur = std::chrono::abs(half_trip), .warnings = info.warnings};
}

}  // namespace mongoelector::internal
