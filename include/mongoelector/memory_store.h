// An in-process store: for unit tests of programs that use this library, and the reference for
// people who write one.
//
// Keeps every promise S1-S14 among the users of one object. Leases and tokens are gone with it.
#pragma once

#include <memory>

#include "mongoelector/clock.h"
#include "mongoelector/store.h"

namespace mongoelector {

// Expiry is judged by `clock`; hand the same one to the session (ConnectOptions::clock) to move
// both in a test.
std::shared_ptr<LeaseStore> make_memory_store(std::shared_ptr<Clock> clock = make_machine_clock());

}  // namespace mongoelector
