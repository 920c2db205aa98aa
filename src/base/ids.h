// Random identities and random numbers for jitter. Thread-safe; new randomness after fork.
#pragma once

#include <string>

#include "mongoelector/lease.h"

namespace mongoelector::internal {

std::string new_uuid();  // v4, lower case with hyphens, straight from the kernel's generator
inline LeaseId new_lease_id() { return LeaseId(new_uuid()); }
double random_unit();  // uniform in [0, 1), for jitter only

}  // namespace mongoelector::internal
