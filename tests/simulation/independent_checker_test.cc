// The checker of tests/verification, which knows nothing of the product, reads the histories of the
// simulator as it reads those of real processes, and comes to the same judgement.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "support/temp_dir.h"

namespace mongoelector::simulation {
namespace {

std::pair<int, std::string> run(const std::string& command) {
  FILE* running = popen((command + " 2>&1").c_str(), "r");
  std::string said;
  for (int c = 0; running != nullptr && (c = std::fgetc(running)) != EOF;)
    said += static_cast<char>(c);
  const int status = running == nullptr ? -1 : pclose(running);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, said};
}

class IndependentChecker : public testing::Test {
 protected:
  // Of one seed, run by the simulator or a planted bug's build of it, which ends with `expected`.
  std::pair<int, std::string> judge(const std::string& program, const std::string& seed,
                                    int expected) {
    const auto [code, said] =
        run("'" + program + "' swarm " + seed + " 1 --history '" + history_ + "'");
    EXPECT_EQ(code, expected) << said;
    return run(std::string("'") + CHECK_HISTORY + "' '" + history_ + "'");
  }

  const test::TempDir folder_;
  const std::string history_ = folder_.file("history.jsonl");
};

TEST_F(IndependentChecker, finds_nothing_in_simulated_histories) {
  int with_terms = 0;
  for (int seed = 0; seed < 20; ++seed) {
    const auto [code, said] = judge(SIMULATE, std::to_string(seed), 0);
    EXPECT_EQ(code, 0) << "seed " << seed << ": " << said;
    with_terms += said.find(" 0 terms") == std::string::npos ? 1 : 0;
  }
  EXPECT_GT(with_terms, 10) << "histories of nothing prove nothing";
}

TEST_F(IndependentChecker, sees_two_masters_where_the_simulator_found_them) {
  const std::string planted = std::string(MUTANTS_DIR) + "/deadline_from_claim_reply";
  const auto [hunted, said] = run("'" + planted + "' swarm 0 2000");
  ASSERT_EQ(hunted, 1) << said;
  constexpr std::string_view kFound = "found at seed ";
  const std::size_t at = said.rfind(kFound);
  ASSERT_NE(at, std::string::npos) << said;
  const auto [code, judged] =
      judge(planted, std::to_string(std::stoull(said.substr(at + kFound.size()))), 1);
  EXPECT_EQ(code, 1) << judged;
  EXPECT_NE(judged.find("promise 1: "), std::string::npos) << judged;
}

}  // namespace
}  // namespace mongoelector::simulation
