// The exit codes of `lock`, `once` and `run`, on both stores, with and without a terminal.
#include <gtest/gtest.h>

#include <fstream>
#include <tuple>

#include "cli/stores.h"
#include "cli/supervised.h"
#include "cli/terminal.h"

namespace mongoelector::test {
namespace {

class SupervisionCodes : public testing::TestWithParam<std::tuple<std::string, bool>> {
 protected:
  // `words` follow the tool's name and its --uri.
  int code(std::vector<std::string> words) {
    words.insert(words.begin(), {"--uri", store_.uri()});
    return code_of(words);
  }
  int code_of(const std::vector<std::string>& words) {
    if (!std::get<1>(GetParam())) {
      const Finished finished = run_tool(words);
      said_ = finished.err;
      return finished.code;
    }
    InTerminal tool(tool_command(words));
    const int code = tool.wait();
    said_ = tool.seen();
    return code;
  }
  // The start of a line of each command, NAME included.
  static std::vector<std::vector<std::string>> starts() {
    return {{"lock", "a"},
            {"once", "once-" + std::to_string(++windows_), "--per", "1h"},
            {"run", "a"}};
  }
  static std::vector<std::string> line(std::vector<std::string> start,
                                       const std::vector<std::string>& rest) {
    start.insert(start.end(), rest.begin(), rest.end());
    return start;
  }

  static inline int windows_ = 0;  // each `once` has one of its own
  const StoreUnderTest store_{std::get<0>(GetParam())};
  std::string said_;
};

TEST_P(SupervisionCodes, of_the_command_are_passed_on) {
  const std::pair<std::string, int> rows[] = {{"exit 0", 0},     {"exit 1", 1}, {"exit 2", 2},
                                              {"exit 64", 64},   {"exit 75", 75},
                                              {"kill -TERM $$", 143}};
  for (const auto& [script, wanted] : rows) {
    for (const auto& start : starts())
      EXPECT_EQ(code(line(start, {"--", "sh", "-c", script})), wanted) << start[0] << said_;
  }
}

TEST_P(SupervisionCodes, for_a_command_that_cannot_run) {
  const TempDir dir;
  std::ofstream(dir.file("plain")) << "no program";
  for (const auto& start : starts())
    EXPECT_EQ(code(line(start, {"--", dir.file("plain")})), 126) << start[0] << said_;
  for (const auto& start : starts())
    EXPECT_EQ(code(line(start, {"--", "no-such-program"})), 127) << start[0] << said_;
}

TEST_P(SupervisionCodes, for_lines_and_timings_that_cannot_work) {
  for (const auto& start : starts()) {
    EXPECT_EQ(code(line(start, {"--no-such-flag", "--", "true"})), 64) << start[0] << said_;
    EXPECT_EQ(code(line(start, {"--ttl", "soon", "--", "true"})), 64) << start[0] << said_;
    EXPECT_EQ(code({start[0]}), 64) << start[0] << said_;
    EXPECT_EQ(code(line(start, {"--ttl", "4s", "--grace", "4s", "--", "true"})), 78)
        << start[0] << said_;
  }
}

// With stores of its own, so it does not matter which one is there beside them.
class StoreCodes : public SupervisionCodes {};

TEST_P(StoreCodes, for_stores_that_cannot_be_used) {
  const TempDir dir;
  std::ofstream(dir.file("text")) << "this is no database, and long enough to be sure of that\n";
  const auto at = [](const std::string& uri, const std::vector<std::string>& start) {
    std::vector<std::string> words{"--uri", uri};
    words.insert(words.end(), start.begin(), start.end());
    words.insert(words.end(), {"--", "true"});
    return words;
  };
  for (const auto& start : starts()) {
    EXPECT_EQ(code_of(at("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200", start)), 69)
        << start[0] << said_;
    EXPECT_EQ(code_of(at("sqlite:" + dir.file("text"), start)), 65) << start[0] << said_;
    EXPECT_EQ(code_of(at("sqlite:/proc/none/leases.db", start)), 73) << start[0] << said_;
    EXPECT_EQ(code_of(at("nonsense://x", start)), 64) << start[0] << said_;
  }
}

TEST_P(SupervisionCodes, for_a_lock_that_somebody_else_has) {
  const auto lock = store_.hold("a");
  EXPECT_EQ(code({"lock", "a", "-n", "--", "true"}), 75) << said_;
  EXPECT_EQ(code({"lock", "a", "-w", "50ms", "--", "true"}), 75) << said_;
  EXPECT_EQ(code({"lock", "a", "-n", "-E", "9", "--", "true"}), 9) << said_;
  EXPECT_EQ(code({"once", "a", "--per", "1h", "--", "true"}), 0) << said_;
  EXPECT_EQ(code({"once", "a", "--per", "1h", "--busy-code", "9", "--", "true"}), 9) << said_;
}

TEST_P(SupervisionCodes, of_our_own_limits) {
  const std::vector<std::string> forever{"--", "sleep", "1000"};
  EXPECT_EQ(code(line({"lock", "a", "--max-hold", "50ms"}, forever)), 81) << said_;
  EXPECT_EQ(code(line({"once", "a", "--per", "1h", "--max-hold", "50ms"}, forever)), 81) << said_;
  EXPECT_EQ(code({"run", "a", "--restart", "always", "--max-restarts", "0", "--give-up", "exit",
                  "--", "true"}),
            82)
      << said_;
}

INSTANTIATE_TEST_SUITE_P(Stores, SupervisionCodes,
                         testing::Combine(testing::Values("sqlite", "mongodb"), testing::Bool()),
                         [](const auto& row) {
                           return std::get<0>(row.param) +
                                  (std::get<1>(row.param) ? "_terminal" : "_pipes");
                         });
INSTANTIATE_TEST_SUITE_P(Stores, StoreCodes,
                         testing::Combine(testing::Values("sqlite"), testing::Bool()),
                         [](const auto& row) {
                           return std::string(std::get<1>(row.param) ? "terminal" : "pipes");
                         });

}  // namespace
}  // namespace mongoelector::test
