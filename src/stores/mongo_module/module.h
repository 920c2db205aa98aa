// Between a program and the module with its MongoDB store; both come from one build.
#pragma once

#include <exception>
#include <memory>
#include <string>

#include "mongoelector/options.h"
#include "mongoelector/store.h"

namespace mongoelector::internal {

// As open_mongo_store(), but what that throws is handed over: the two may have a C++ runtime each.
using OpenMongoStore = void(const std::string& uri, const ConnectOptions& options,
                            std::shared_ptr<LeaseStore>& store, std::exception_ptr& problem);
inline constexpr char kOpenMongoStore[] = "mongoelector_open_mongo_store";

}  // namespace mongoelector::internal
