// What `doctor` looks at. Each says what it found and throws nothing that a store may do.
#pragma once

#include <optional>
#include <string>

#include "cli/findings.h"
#include "cli/records.h"

namespace mongoelector::cli {

// Before anything is opened: where the store was named, and whether others can read its password.
void check_choice(Findings& findings, const Globals& globals, const StoreChoice& choice);

// What the store says about itself, how fast, and how far its clock is from ours; against the
// limits for leases of `ttl`.
void check_answers(Findings& findings, const Connection& connection, Duration ttl);

// Whether leases of `ttl` are kept while MongoDB elects a primary.
void check_timing(Findings& findings, const Connection& connection, Duration ttl);

// Really takes, renews and gives back leases, and writes and reads the rows of elections, under a
// name of this machine's own. One row of the history and one for requests stay: stores keep these.
void check_writes(Findings& findings, LeaseStore& store);

// The SQLite file in place: rights, journal, room.
void check_sqlite_file(Findings& findings, const std::string& path);

// One lock or election: whether it is kept, and what would follow a failure.
void check_target(Findings& findings, LeaseStore& store, WallTime now, const Target& target);

}  // namespace mongoelector::cli
