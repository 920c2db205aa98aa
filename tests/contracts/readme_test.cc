// README's program is the one that is compiled, and it does what README says.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>

#include "support/temp_dir.h"

namespace mongoelector::test {
namespace {

std::string text_of(const std::string& name) {
  const char* root = std::getenv("MONGOELECTOR_SOURCE");
  std::ifstream in(std::string(root == nullptr ? MONGOELECTOR_SOURCE_DIR : root) + "/" + name);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(Readme, program_is_the_one_that_is_compiled) {
  const std::string readme = text_of("README.md");
  const std::size_t from = readme.find("```cpp\n") + 7;
  const std::string shown = readme.substr(from, readme.find("```", from) - from);
  const std::string example = text_of("examples/readme.cc");
  EXPECT_EQ(example.substr(example.find("#include")), shown);
}

TEST(Readme, program_runs) {
  const TempDir dir;
  const std::string command = "STATE_DIRECTORY=" + dir.path() + " " EXAMPLE_README;
  FILE* program = popen(command.c_str(), "r");
  ASSERT_NE(program, nullptr);
  std::string printed;
  for (int c = 0; (c = fgetc(program)) != EOF;) printed += static_cast<char>(c);
  EXPECT_EQ(pclose(program), 0);
  EXPECT_TRUE(std::regex_match(printed, std::regex("holding the lock, token [0-9]+\n"
                                                   "master, token [0-9]+\n"
                                                   "no master\n")))
      << printed;
}

}  // namespace
}  // namespace mongoelector::test
