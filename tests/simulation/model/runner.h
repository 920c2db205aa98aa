// Many runs, on all processors: each worker is a process of its own that runs some hundred seeds
// and ends, which bounds what runs leave behind and survives a run that crashes or hangs.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "simulation/model/simulation.h"

namespace mongoelector::simulation {

struct Totals {
  std::uint64_t histories = 0;
  std::uint64_t violations = 0;
  std::uint64_t events = 0;
  std::int64_t simulated_seconds = 0;
  ProbeCounts probes{};
  FaultCounts faults{};

  void add(const Result& result);
  void add(const Totals& other);
  std::uint64_t all_faults() const;
};

struct FailedRun {
  std::uint64_t seed = 0;
  std::string promise;
  std::string report;  // for people
};

struct Series {
  Totals totals;
  std::vector<FailedRun> failures;  // by seed
};

struct Plan {
  Mode mode = Mode::swarm;
  std::uint64_t first = 0;
  std::uint64_t count = 1;
  int workers = 2;
  std::size_t most_failures = 1;  // no new seeds are begun after so many
  std::function<void(std::uint64_t seed)> before_each = [](std::uint64_t) {};  // in the worker
};

Series run_series(const Plan& plan);

}  // namespace mongoelector::simulation
