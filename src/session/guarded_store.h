// A store that cannot throw at the session: an exception out of a verb is an unknown outcome with
// its text as detail.
#pragma once

#include <memory>

#include "mongoelector/store.h"

namespace mongoelector::internal {

std::shared_ptr<LeaseStore> guard_store(std::shared_ptr<LeaseStore> store);

}  // namespace mongoelector::internal
