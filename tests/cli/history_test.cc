// history: who led when, how it ended, and whether two ever led at a time.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

#include "cli/contract.h"
#include "cli/stores.h"
#include "support/temp_dir.h"

namespace mongoelector::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;

class HistoryCommand : public testing::TestWithParam<const char*> {
 protected:
  // A term of two minutes ago, of the given length.
  void record(std::uint64_t token, int start, int end, EndedBy ended_by = EndedBy::released) {
    TermRow row{.key = Key::election("billing"),
                .token = Token(token),
                .number = token + 10,
                .holder = {.uuid = "u", .host = "h", .pid = 7, .label = "web-1"},
                .start = origin + seconds(start),
                .end = origin + seconds(end),
                .ended_by = ended_by};
    if (ended_by == EndedBy::stepped_down) {
      row.reason = "deploy";
      row.by = "ana@ops";
    }
    ASSERT_EQ(at.store().record_term(row).outcome, Outcome::granted);
  }

  const StoreUnderTest at{GetParam()};
  // Once for all rows: a second may begin between two of them.
  const WallTime origin =
      std::chrono::floor<seconds>(
          at.store().info().time.value_or(at.session()->clock().wall())) -
      seconds(120);
};

INSTANTIATE_TEST_SUITE_P(Stores, HistoryCommand, testing::Values("sqlite", "mongodb"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST_P(HistoryCommand, shows_each_term_with_its_end_and_the_gap_behind_it) {
  record(1, 0, 30, EndedBy::stepped_down);
  record(2, 32, 60);
  const Finished table = at.tool({"history", "billing"});
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_TRUE(std::regex_search(
      table.out,
      std::regex("^TERM +HOLDER +START +END +LED +ENDED BY +GAP +REASON\n"
                 "12 +web-1 +\\S+Z +\\S+Z +28.0s +released +- +-\n"
                 "11 +web-1 +\\S+Z +\\S+Z +30.0s +stepped down +2.0s +deploy, by ana@ops\n$")))
      << table.out;
  const json terms =
      document_of(at.tool({"history", "billing", "--json"}).out, "mongoelector.history/1")
          .at("terms");
  ASSERT_EQ(terms.size(), 2u);
  EXPECT_EQ(terms[1].at("term"), 11);
  EXPECT_EQ(terms[1].at("token"), "1");
  EXPECT_EQ(terms[1].at("ended_by"), "stepped_down");
  EXPECT_EQ(terms[1].at("gap_seconds"), 2.0);
  EXPECT_TRUE(terms[0].at("gap_seconds").is_null());
}

TEST_P(HistoryCommand, of_a_term_that_lasts_has_no_end) {
  const auto elector = at.lead("billing", {.label = "web-1"});
  ASSERT_TRUE(eventually([&] { return !at.terms("billing").empty(); }));
  const Finished all = at.tool({"history"});
  EXPECT_TRUE(std::regex_search(
      all.out, std::regex("^ELECTION +TERM .*\nbilling +1 +web-1 +\\S+Z +- +- +- +- +-\n$")))
      << all.out;
}

TEST_P(HistoryCommand, goes_back_as_far_and_shows_as_much_as_it_is_asked) {
  record(1, 0, 10);
  record(2, 20, 30);
  record(3, 100, 110);
  const auto count = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"history", "billing", "--json"});
    return document_of(at.tool(flags).out, "mongoelector.history/1").at("terms").size();
  };
  EXPECT_EQ(count({}), 3u);
  EXPECT_EQ(count({"-n", "2"}), 2u);
  EXPECT_EQ(count({"--since", "60s"}), 1u);
  EXPECT_EQ(at.tool({"history", "billing", "-n", "0"}).code, 64);
  EXPECT_EQ(at.tool({"history", "billing", "--since", "often"}).code, 64);
}

TEST_P(HistoryCommand, verify_says_how_long_nobody_led) {
  record(1, 0, 30);
  record(2, 32, 60);
  const Finished text = at.tool({"history", "billing", "--verify"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_NE(text.out.find("billing: 2 terms, 0 overlaps; 2.0s without a leader"),
            std::string::npos)
      << text.out;
}

TEST_P(HistoryCommand, verify_exits_3_when_two_led_at_a_time_even_if_that_is_not_shown) {
  record(1, 0, 30);
  record(2, 20, 60);
  record(3, 61, 70);
  const Finished text = at.tool({"history", "billing", "--verify", "-n", "1"});
  EXPECT_EQ(text.code, 3);
  EXPECT_NE(text.out.find("OVERLAP: tokens 1 and 2 by 10.0s"), std::string::npos) << text.out;
  const Finished asked = at.tool({"history", "billing", "--verify", "-n", "1", "--json"});
  EXPECT_EQ(asked.code, 3);
  const json document = document_of(asked.out, "mongoelector.history/1");
  EXPECT_EQ(document.at("terms").size(), 1u);
  EXPECT_EQ(document.at("checks")[0].at("overlaps")[0].at("by_seconds"), 10.0);
}

// tests/verification shares no code with the tool.
TEST_P(HistoryCommand, verify_and_the_independent_checker_agree) {
  const TempDir folder;
  const std::string file = folder.file("history.json");
  const auto judged_by_checker = [&] {
    std::ofstream(file) << at.tool({"history", "billing", "--json"}).out;
    return run_process({CHECK_HISTORY, file});
  };
  record(1, 0, 30);
  record(2, 32, 60);
  EXPECT_EQ(at.tool({"history", "billing", "--verify"}).code, 0);
  const Finished sound = judged_by_checker();
  EXPECT_EQ(sound.code, 0) << sound.out << sound.err;
  EXPECT_NE(sound.out.find("2 terms of 1 keys"), std::string::npos) << sound.out;
  record(3, 50, 70);
  EXPECT_EQ(at.tool({"history", "billing", "--verify"}).code, 3);
  const Finished broken = judged_by_checker();
  EXPECT_EQ(broken.code, 1) << broken.out << broken.err;
  EXPECT_NE(broken.out.find("promise 1: "), std::string::npos) << broken.out;
}

TEST_P(HistoryCommand, of_nothing_is_empty) {
  const Finished table = at.tool({"history", "billing"});
  EXPECT_EQ(table.code, 0);
  EXPECT_EQ(table.out, "");
  EXPECT_NE(table.err.find("no history"), std::string::npos);
}

}  // namespace
}  // namespace mongoelector::test
