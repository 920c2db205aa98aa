// What a command that is started under a lease finds in its environment (supervision.cc puts it
// there): for help, man pages and the test that runs one and looks.
#pragma once

#include <array>

#include "cli/globals.h"

namespace mongoelector::cli {

inline constexpr char kUriWithheld[] = "MONGOELECTOR_URI_WITHHELD";

// For the MongoDB driver in this process alone, which else counts in a file of shared memory,
// leaves that behind when it is killed, and complains of it when the process number comes again.
inline constexpr char kQuietDriver[] = "MONGOC_DISABLE_SHM=mongoelector";

inline constexpr std::array<EnvironmentVariable, 8> kGiven{{
    {"MONGOELECTOR_NAME", "the lock's or election's name"},
    {"MONGOELECTOR_KIND", "lock or election"},
    {"MONGOELECTOR_HOLDER", "who holds it, as status shows it"},
    {"MONGOELECTOR_TOKEN", "the fencing token: send it along with every write"},
    {"MONGOELECTOR_TERM", "the number of an election's term, for people, if it is known"},
    {"MONGOELECTOR_TTL_SECONDS", "how long the lease lasts unless renewed"},
    {"MONGOELECTOR_LEASE_FILE",
     "a JSON file with all that; its valid_until_boottime, in seconds of CLOCK_BOOTTIME, is when "
     "the lease ends unless the file says a later one by then"},
    {kUriWithheld,
     "1 if MONGODB_URI or MONGOELECTOR_URI was set and is not passed on: this tool, started by the "
     "command, then refuses to use the default store (78) until a store is named"},
}};

}  // namespace mongoelector::cli
