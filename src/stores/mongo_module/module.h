// Between a program and the module with its MongoDB store; both come from one build.
#pragma once

#include <memory>
#include <string>

#include "mongoelector/options.h"
#include "mongoelector/store.h"

namespace mongoelector::internal {

// Loads what the driver needs for TLS, a login or compression. Throws ConnectError.
using LoadLibraries = void();
// As open_mongo_store(). The libraries are loaded before the first connection that needs them.
using OpenMongoStore = void(const std::string& uri, const ConnectOptions& options,
                            LoadLibraries& load_libraries, std::shared_ptr<LeaseStore>& store);
// As mongo_driver_version().
using MongoDriverVersion = void(std::string& version);
inline constexpr char kMongoDriverVersion[] = "mongoelector_mongo_driver_version";
inline constexpr char kOpenMongoStore[] = "mongoelector_open_mongo_store";

}  // namespace mongoelector::internal
