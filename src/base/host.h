// What this machine and process are to the embedded store and to leases.
#pragma once

#include <cstdint>
#include <string>

namespace mongoelector::internal {

std::int64_t process_id();

// boot_id() changes with every boot of the machine; time_namespace() tells apart the monotonic
// clocks of one boot. Throws std::runtime_error where /proc does not tell.
std::string boot_id();
std::string time_namespace();

// CLOCK_MONOTONIC in milliseconds: the clock that judges leases of the embedded store.
std::int64_t monotonic_ms();
// The wall clock, in seconds since 1970.
std::int64_t wall_seconds();

}  // namespace mongoelector::internal
