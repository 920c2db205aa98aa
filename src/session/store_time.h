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
  std::vector<std::string> warnings = {};  // of the store, which come with its time
};

// Blocks for one store call. Nothing: no answer. A store without a clock of its own goes by ours.
std::optional<StoreTime> ask_store_time(LeaseStore& store, const Clock& clock);

}  // namespace mongoelector::internal
