// docs/pitfalls.md lists every pitfall once, and each line names tests that exist or says why none
// is needed; so do the bugs in docs/track-record.md.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace mongoelector::test {
namespace {

std::string root() {
  const char* root = std::getenv("MONGOELECTOR_SOURCE");
  return root == nullptr ? MONGOELECTOR_SOURCE_DIR : root;
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::set<std::string> all_tests() {
  static const std::regex kTest(R"(\bTEST(_F|_P)?\(\s*(\w+),\s*(\w+)\s*\))");
  std::set<std::string> tests;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root() + "/tests")) {
    if (!entry.path().filename().string().ends_with("_test.cc")) continue;
    const std::string text = text_of(entry.path());
    for (std::sregex_iterator found(text.begin(), text.end(), kTest), end; found != end; ++found)
      tests.insert((*found)[2].str() + "." + (*found)[3].str());
  }
  return tests;
}

// What is wrong with the page; each line of the result is one complaint.
std::string faults_of(const std::string& page, const std::set<std::string>& tests) {
  static const std::regex kLine(R"(\| ([LE]\d+) \| ([^|]+) \| ([^|]+) \|)");
  static const std::regex kName(R"(`(\w+\.\w+)`)");
  std::string faults;
  std::set<std::string> seen;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    std::smatch cells;
    if (!std::regex_match(line, cells, kLine)) continue;
    const std::string number = cells[1];
    const std::string here = cells[3];
    if (!seen.insert(number).second) faults += number + " is listed twice\n";
    if (here.starts_with("Not here: ")) continue;
    std::sregex_iterator name(here.begin(), here.end(), kName);
    if (name == std::sregex_iterator()) faults += number + " names no test\n";
    for (; name != std::sregex_iterator(); ++name) {
      const std::string test = (*name)[1];
      if (!tests.contains(test)) faults += number + ": there is no test " + test + "\n";
    }
  }
  const auto demand = [&](const std::string& kind, int count) {
    for (int i = 1; i <= count; ++i) {
      if (!seen.contains(kind + std::to_string(i)))
        faults += kind + std::to_string(i) + " is missing\n";
    }
  };
  demand("L", 56);
  demand("E", 50);
  return faults;
}

TEST(Pitfalls, are_each_owned_by_a_test_that_exists) {
  EXPECT_EQ(faults_of(text_of(root() + "/docs/pitfalls.md"), all_tests()), "");
}

TEST(TrackRecord, names_tests_that_exist) {
  static const std::regex kName(R"(`([A-Z]\w+\.\w+)`)");
  const std::string page = text_of(root() + "/docs/track-record.md");
  const std::set<std::string> tests = all_tests();
  int named = 0;
  for (std::sregex_iterator name(page.begin(), page.end(), kName), end; name != end; ++name) {
    ++named;
    EXPECT_TRUE(tests.contains((*name)[1])) << (*name)[1];
  }
  EXPECT_GE(named, 10);
}

TEST(Pitfalls, without_an_owner_are_noticed) {
  std::string page = text_of(root() + "/docs/pitfalls.md");
  page.replace(page.find("| L1 |"), 6, "| L2 |");
  page += "| E50 | something | somebody should look at it |\n";
  const std::set<std::string> tests = all_tests();
  const std::string faults = faults_of(page, tests);
  EXPECT_NE(faults.find("L1 is missing\n"), std::string::npos) << faults;
  EXPECT_NE(faults.find("L2 is listed twice\n"), std::string::npos) << faults;
  EXPECT_NE(faults.find("E50 names no test\n"), std::string::npos) << faults;
  std::set<std::string> fewer = tests;
  fewer.erase("Conformance.S5_renewing_extends");
  EXPECT_EQ(faults_of(text_of(root() + "/docs/pitfalls.md"), fewer),
            "L42: there is no test Conformance.S5_renewing_extends\n");
}

}  // namespace
}  // namespace mongoelector::test
