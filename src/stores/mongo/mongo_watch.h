// Hints of the MongoDB store: one change stream for each subscription.
#pragma once

#include <memory>

#include "mongoelector/store.h"
#include "stores/mongo/deployment.h"
#include "stores/mongo/driver.h"

namespace mongoelector::internal::mongo {

// Nothing is missed that happens after this returned, and whoever looks after that sees what
// happened before. nullptr: this server has no change streams. Throws StoreError when there is no
// stream to be had now. Blocks for as long as it takes to connect, a few seconds at most.
std::unique_ptr<Watch> open_watch(std::shared_ptr<Driver> driver, const Names& names);

}  // namespace mongoelector::internal::mongo
