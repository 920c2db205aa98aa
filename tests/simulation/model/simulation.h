// One run: a profile and everything that happens drawn from one seed, then judged. A run leaves
// memory behind (what killed processes had), so long series belong to the runner (runner.h).
#pragma once

#include <optional>

#include "simulation/model/checker.h"
#include "simulation/model/probes.h"
#include "simulation/model/profile.h"

namespace mongoelector::simulation {

struct Result {
  Profile profile;
  History history;
  ProbeCounts probes{};
  FaultCounts faults{};
  std::uint64_t events = 0;
  TrueTime simulated{};
  std::optional<Breach> breach;
};

Result simulate(Mode mode, std::uint64_t seed);

// What a person needs: the promise, the last facts before it shows, and how to see it again.
std::string report(Mode mode, std::uint64_t seed, const Result& result, std::size_t facts);

}  // namespace mongoelector::simulation
