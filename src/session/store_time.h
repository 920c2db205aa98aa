// The store's wall clock as seen from here, compensated for the round trip.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mongoelector/clock.h"
#include "mongoelector/store.h"

namespace mongoelector::internal {

struct StoreTime {
  Duration offset{};  // store minus local
  Duration blur{};    // it may be off by this much, either way
  bool measured = true;  // false: the store has no clock of its own and goes by ours
  std::vector<std::string> warnings = {};  // of the store, which come with its time
};

// The store read its clock somewhere between two moments of ours.
StoreTime compensated(WallTime before, WallTime store, WallTime after);

// Blocks for one store call. Nothing: no answer.
std::optional<StoreTime> ask_store_time(LeaseStore& store, const Clock& clock);

}  // namespace mongoelector::internal
