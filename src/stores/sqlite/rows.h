// Rows as the library's values. Nothing in a row is taken on trust: the file may have been edited.
#pragma once

#include <optional>
#include <string>

#include "mongoelector/store.h"
#include "stores/sqlite/database.h"
#include "stores/sqlite/row_reader.h"
#include "stores/sqlite/sessions.h"

namespace mongoelector::internal {

// One point at which rows are judged or written.
struct Moment {
  std::string boot;
  std::int64_t now_ms = 0;
  WallTime wall{};
};

struct LeaseRow {
  Record record;      // `claimable` by time alone
  SessionId session;  // whose death ends it sooner
};

// The present row of a query for all columns of `leases`; nothing when it is damaged.
std::optional<LeaseRow> lease_of(const Query& row, const Moment& moment);
// For people: which row it is, however damaged.
std::string name_of(const Query& row);

// Replaces what is there; `remaining` and `expires_at` follow from the ttl.
void write_lease(Database& database, const LeaseRow& lease, const Moment& moment);
// Extends it if it is still there and in force; false: lost. A lease that outlived the session
// which took it is tied to no other: its next renewal may come from anywhere.
bool extend_lease(Database& database, const Lease& lease, const SessionId& session,
                  const Moment& moment);

void write_member(Database& database, const NodeStatus& member, const Moment& moment);
// The present row of a query for all columns of `members`; nothing when it is damaged.
std::optional<NodeStatus> member_of(const Query& row, const Key& key);

}  // namespace mongoelector::internal
