// Names of this machine and process, for people and for the embedded store.
#pragma once

#include <cstdint>
#include <string>

namespace mongoelector::internal {

std::string host_name();
// As Python's socket.getfqdn(): the first dotted name the resolver gives, else the plain host name.
// Looked up once; a resolver that does not answer can take seconds.
const std::string& qualified_host_name();

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
