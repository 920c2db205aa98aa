// One history: so many seconds of torture of one store by one seed, and what came of it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "support/replica_set.h"
#include "torture/program/clients.h"
#include "torture/program/facilities.h"
#include "torture/program/schedule.h"
#include "torture/program/worker.h"

namespace mongoelector::torture {

struct HistoryPlan {
  Store store = Store::sqlite;
  std::uint64_t seed = 0;
  std::int64_t seconds = 60;
  std::string mix = "everything";
  Bug bug = Bug::none;
  std::string directory;  // for everything the history leaves; made here
  std::string self;
  std::string tool;
};

struct Outcome {
  std::size_t terms = 0;
  std::array<int, kFaultKinds> injected{};
  std::array<int, kFaultKinds> not_injected{};
  int failovers = 0;
  int kills = 0;   // kill -9, of members too
  int stops = 0;   // SIGSTOP, of members too
  std::vector<double> takeovers;  // seconds after kill -9 of a holder, nothing else going on
  double takeover_bound = 0;
  double longest_gap = 0;
  std::size_t fenced = 0;  // accepted writes
  std::size_t refused = 0;
  std::size_t unfenced = 0;
  std::size_t unfenced_lost = 0;
  std::size_t fenced_lost = 0;
  // Terms of commands cut short in the evidence, because their guardian was held up.
  std::size_t excused = 0;
  std::vector<std::string> violations;
};

// Blocks for a bit longer than the history lasts. `set`: nullptr for SQLite.
Outcome run_history(const HistoryPlan& plan, const Facilities& facilities, test::ReplicaSet* set);

}  // namespace mongoelector::torture
