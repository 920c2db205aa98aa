// The embedded store: one SQLite file, for all processes of one machine. Rules: docs/protocol.md
// section 5.
#pragma once

#include <memory>
#include <string>

#include "mongoelector/store.h"

namespace mongoelector::internal {

// Opens or makes the file, and its directory if only that is missing. Throws ConnectError. Each
// store opened is one session: its leases are free at once when its process dies. Closing it leaves
// those that were not released to their ttl.
std::shared_ptr<LeaseStore> open_sqlite_store(const std::string& path);

// Of the library in use.
std::string sqlite_version();

}  // namespace mongoelector::internal
