// The default run: thousands of seeds in which every promise must be kept and every situation that
// matters must come up. MONGOELECTOR_SIM_SEEDS=from:count chooses other swarm seeds.
#include "simulation/model/simulation.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace mongoelector::simulation {
namespace {

struct Seeds {
  std::uint64_t from = 0;
  std::uint64_t count = 0;
};

Seeds swarm_seeds() {
  const char* chosen = std::getenv("MONGOELECTOR_SIM_SEEDS");
  Seeds seeds{.from = 0, .count = 2000};
  if (chosen == nullptr) return seeds;
  unsigned long long from = 0;
  unsigned long long count = 0;
  EXPECT_EQ(std::sscanf(chosen, "%llu:%llu", &from, &count), 2) << "MONGOELECTOR_SIM_SEEDS is "
                                                                << chosen << ", not from:count";
  return {.from = from, .count = count};
}

// Adds up what came up; false after a broken promise.
bool run_all(Mode mode, const Seeds& seeds, ProbeCounts& probes) {
  for (std::uint64_t seed = seeds.from; seed < seeds.from + seeds.count; ++seed) {
    const Result result = simulate(mode, seed);
    for (std::size_t i = 0; i < kProbes; ++i) probes[i] += result.probes[i];
    if (result.breach) {
      ADD_FAILURE() << "seed " << seed << ", " << report(mode, seed, result, 40);
      return false;
    }
  }
  return true;
}

TEST(Simulation, keeps_every_promise_and_meets_every_situation) {
  ProbeCounts probes{};
  const Seeds swarm = swarm_seeds();
  ASSERT_TRUE(run_all(Mode::swarm, swarm, probes));
  ASSERT_TRUE(run_all(Mode::fixed, {.from = 0, .count = 500}, probes));
  if (swarm.count < 2000) return;  // a replay of a few seeds meets what it meets
  for (std::size_t i = 0; i < kProbes; ++i) {
    EXPECT_GT(probes[i], 0u) << "never came up: " << kProbeNames[i];
  }
}

TEST(Simulation, the_same_seed_is_the_same_run) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const Result first = simulate(Mode::swarm, seed);
    const Result second = simulate(Mode::swarm, seed);
    ASSERT_FALSE(first.history.empty());
    EXPECT_EQ(hash_of(first.history), hash_of(second.history)) << "seed " << seed;
    EXPECT_NE(hash_of(first.history), hash_of(simulate(Mode::swarm, seed + 1).history));
  }
}

TEST(Simulation, a_failure_says_how_to_see_it_again) {
  Result result = simulate(Mode::swarm, 5);
  result.breach = Breach{"one_holder", "two of them", result.history.size() - 1};
  const std::string text = report(Mode::swarm, 5, result, 40);
  EXPECT_NE(text.find("one_holder: two of them"), std::string::npos);
  EXPECT_NE(text.find("simulate swarm 5 --trace"), std::string::npos);
}

}  // namespace
}  // namespace mongoelector::simulation
