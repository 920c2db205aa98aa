// Waiting for a lock without being deaf to signals.
#pragma once

#include <optional>

#include "cli/signals.h"
#include "mongoelector/locker.h"

namespace mongoelector::cli {

// Acquires and returns nothing, or the signal that ended the waiting: then no record is left
// behind. Throws what MongoLocker::acquire() throws.
std::optional<int> acquire_unless_signalled(MongoLocker& locker, AcquireOptions options,
                                            Signals& signals, const Clock& clock);

}  // namespace mongoelector::cli
