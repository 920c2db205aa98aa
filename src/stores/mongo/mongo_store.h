// The store shared between machines: one MongoDB deployment. Rules: docs/protocol.md section 4.
#pragma once

#include <memory>
#include <string>

#include "mongoelector/options.h"
#include "mongoelector/store.h"

namespace mongoelector::internal {

// Connects and looks at the server; changes nothing there. Blocks for at most 10 s. Throws
// ConnectError.
std::shared_ptr<LeaseStore> open_mongo_store(const std::string& uri, const ConnectOptions& options);

// Of the library in use. Throws ConnectError if it cannot be loaded.
std::string mongo_driver_version();

}  // namespace mongoelector::internal
