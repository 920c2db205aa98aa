// The rows of mongoelector/records.h in their tables. Call inside a transaction.
#pragma once

#include <cstddef>

#include "mongoelector/records.h"
#include "stores/sqlite/database.h"

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

}  // namespace mongoelector::internal
