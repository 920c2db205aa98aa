// Planted bugs (mutants.json): each must be found within 2,000 seeds. One that survives is a hole
// in the simulation, whatever else passes. Here those that are found soon; `make verify` hunts all.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

namespace mongoelector::simulation {
namespace {

std::vector<std::string> mutants() {
  std::vector<std::string> names;
  std::stringstream all(MUTANTS);
  for (std::string name; std::getline(all, name, ',');) names.push_back(name);
  return names;
}

class Mutant : public testing::TestWithParam<std::string> {};

TEST_P(Mutant, is_found) {
  const std::string command =
      std::string("'") + MUTANTS_DIR + "/" + GetParam() + "' swarm 0 2000 --workers 1";
  FILE* hunt = popen(command.c_str(), "r");
  ASSERT_NE(hunt, nullptr);
  std::string last;
  for (std::array<char, 4096> line{}; std::fgets(line.data(), line.size(), hunt) != nullptr;)
    last = line.data();
  const int status = pclose(hunt);
  std::printf("%s: %s", GetParam().c_str(), last.c_str());
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << GetParam() << " survives";
  EXPECT_TRUE(last.starts_with("found at seed ")) << last;
}

INSTANTIATE_TEST_SUITE_P(Quick, Mutant, testing::ValuesIn(mutants()),
                         [](const auto& mutant) { return mutant.param; });

}  // namespace
}  // namespace mongoelector::simulation
