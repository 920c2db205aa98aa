// What is done to the store, one fault after the other, on the thread that owns the servers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/replica_set.h"
#include "torture/program/clients.h"
#include "torture/program/schedule.h"

namespace mongoelector::torture {

struct StoreFaults {
  std::vector<Injected> injected;
  std::vector<FaultKind> failed;  // could not be injected
  int failovers = 0;              // times at which another member became primary, or had to again
};

// Blocks until `schedule` is done and the store is whole again; times count from `begin`. `set` is
// nullptr for SQLite, whose file is `database` then.
StoreFaults torture_store(const std::vector<Fault>& schedule, std::int64_t begin,
                          test::ReplicaSet* set, const std::string& database);

}  // namespace mongoelector::torture
