// The quick share of the simulator: some hundred seeds in which every promise must be kept and
// every situation that matters must come up. `make verify` runs the large one.
#include "base/commit.h"
#include "simulation/model/simulation.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "simulation/model/export.h"
#include "simulation/model/runner.h"

namespace mongoelector::simulation {
namespace {

std::string failures_of(const Series& series) {
  std::string text;
  for (const FailedRun& failed : series.failures)
    text += "seed " + std::to_string(failed.seed) + ", " + failed.report;
  return text;
}

TEST(Simulation, keeps_every_promise_and_meets_every_situation) {
  Series swarm = run_series({.mode = Mode::swarm, .first = 0, .count = 600});
  EXPECT_EQ(failures_of(swarm), "");
  const Series fixed = run_series({.mode = Mode::fixed, .first = 0, .count = 100});
  EXPECT_EQ(failures_of(fixed), "");
  swarm.totals.add(fixed.totals);
  EXPECT_EQ(swarm.totals.histories, 700u);
  for (std::size_t i = 0; i < kProbes; ++i) {
    EXPECT_GT(swarm.totals.probes[i], 0u) << "never came up: " << kProbeNames[i];
  }
  for (std::size_t i = 0; i < kFaults; ++i) {
    EXPECT_GT(swarm.totals.faults[i], 0u) << "never happened: " << kFaultNames[i];
  }
}

// In a process of its own: a run leaves memory behind.
std::pair<int, std::string> run_simulate(const std::string& arguments) {
  FILE* running = popen((std::string("'") + SIMULATE + "' " + arguments + " 2>&1").c_str(), "r");
  std::string said;
  for (int c = 0; running != nullptr && (c = std::fgetc(running)) != EOF;)
    said += static_cast<char>(c);
  const int status = running == nullptr ? -1 : pclose(running);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, said};
}

TEST(Simulation, the_same_seed_is_the_same_run) {
  const auto [status, said] = run_simulate("hashes 50");
  EXPECT_EQ(status, 0) << said;
}

TEST(Simulation, other_seeds_are_other_runs) {
  EXPECT_NE(hash_of(simulate(Mode::swarm, 1).history), hash_of(simulate(Mode::swarm, 2).history));
}

TEST(Simulation, seeds_that_once_found_something_find_nothing_any_more) {
  const auto [status, said] =
      run_simulate("saved '" MONGOELECTOR_SOURCE_DIR "/tests/simulation/saved_seeds.txt'");
  EXPECT_EQ(status, 0) << said;
  EXPECT_NE(said.find(" 0 violations"), std::string::npos) << said;
}

TEST(Simulation, a_failure_says_how_to_see_it_again) {
  Result result = simulate(Mode::swarm, 5);
  result.breach = Breach{"one_holder", "two of them", result.history.size() - 1};
  const std::string text = report(Mode::swarm, 5, result, 40);
  EXPECT_NE(text.find("one_holder: two of them"), std::string::npos);
  EXPECT_NE(text.find("simulate swarm 5 --trace"), std::string::npos);
  EXPECT_NE(text.find(MONGOELECTOR_COMMIT), std::string::npos);
}

TEST(Simulation, a_run_that_dies_or_hangs_is_a_failure_and_names_its_seed) {
  const Series series = run_series({.mode = Mode::swarm,
                                    .first = 7,
                                    .count = 1,
                                    .before_each = [](std::uint64_t) { std::abort(); }});
  ASSERT_EQ(series.failures.size(), 1u);
  EXPECT_EQ(series.failures[0].seed, 7u);
  EXPECT_EQ(series.failures[0].promise, "no_crash");
  EXPECT_NE(series.failures[0].report.find("simulate swarm 7 --trace"), std::string::npos);
}

}  // namespace
}  // namespace mongoelector::simulation
