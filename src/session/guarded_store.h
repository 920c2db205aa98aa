// A store that cannot throw at the session: an exception out of a verb is an unknown outcome with
// its text as detail.
#pragma once

#include <atomic>
#include <memory>

#include "mongoelector/store.h"

namespace mongoelector::internal {

// `answers` is set by every reply: whether the store said yes or no, or nobody knows.
std::shared_ptr<LeaseStore> guard_store(std::shared_ptr<LeaseStore> store,
                                        std::shared_ptr<std::atomic<bool>> answers);

}  // namespace mongoelector::internal
