// The rows of mongoelector/records.h in their tables. Call inside a transaction.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "mongoelector/records.h"
#include "stores/sqlite/database.h"
#include "stores/sqlite/rows.h"

namespace mongoelector::internal {

// False: what is there is as final, and stays. Removes what is older than the history is kept.
bool write_term(Database& database, const TermRow& term, WallTime now);
// Damaged rows are left out.
std::vector<TermRow> terms_of(Database& database, const Key& key, WallTime since,
                              std::size_t limit);

// False: the version is another one.
bool write_control_row(Database& database, const ControlRow& row);
struct ControlRead {
  bool damaged = false;
  std::optional<ControlRow> row = {};
};
ControlRead control_of(Database& database, const Key& key);

// Removes what counts no more, too.
void write_waiters(Database& database, const WaitersRow& row, const Moment& moment);
std::map<Key, std::int64_t> waiters_of(Database& database, const std::string& prefix,
                                       const Moment& moment);

}  // namespace mongoelector::internal
