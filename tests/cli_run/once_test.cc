// `mongoelector once`: at most one start in each window, over all hosts.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/stores.h"
#include "cli/supervised.h"
#include "cli/window.h"
#include "mongoelector/memory_store.h"
#include "support/faulty_store.h"

namespace mongoelector::test {
namespace {

using namespace std::chrono_literals;

// ---- the window ----

TEST(Window, ends_a_window_after_the_start_or_at_the_next_whole_one) {
  const WallTime noon = WallTime(std::chrono::hours(24 * 365 * 50 + 12));
  EXPECT_EQ(cli::window_end(noon + 10min, 1h, false), noon + 70min);
  EXPECT_EQ(cli::window_end(noon + 10min, 1h, true), noon + 1h);
  EXPECT_EQ(cli::window_end(noon, 1h, true), noon + 1h);
  EXPECT_EQ(cli::window_end(noon + 59min + 59s, 1h, true), noon + 1h);
}

TEST(Window, is_taken_by_one_until_it_is_over_or_given_back) {
  const auto store = make_memory_store();
  cli::Window mine(*store, "a", 1h, false);
  cli::Window theirs(*store, "a", 1h, false);
  cli::Window another(*store, "b", 1h, false);
  EXPECT_FALSE(mine.look());
  EXPECT_FALSE(mine.take("me"));
  ASSERT_TRUE(theirs.look());
  EXPECT_EQ(theirs.look()->by, "me");
  ASSERT_TRUE(theirs.take("them"));
  EXPECT_FALSE(another.take("them"));
  mine.give_back();
  EXPECT_FALSE(theirs.take("them"));
  mine.give_back();
  EXPECT_TRUE(mine.look()) << "it gave back what somebody else had taken";
}

TEST(Window, is_nobodys_to_act_on_when_the_answer_was_lost) {
  FaultyStore store(make_memory_store());
  cli::Window mine(store, "a", 1h, false);
  store.lose_replies(Verb::write_control);
  EXPECT_THROW(mine.take("me"), StoreError);
  store.heal();
  cli::Window theirs(store, "a", 1h, false);
  EXPECT_TRUE(theirs.take("them")) << "it was taken, as far as anybody can tell";
  store.refuse(Verb::read_control, Outcome::unreachable);
  EXPECT_THROW(theirs.look(), StoreError);
}

// ---- the command ----

class Once : public testing::TestWithParam<std::string> {
 protected:
  std::vector<std::string> once(const std::string& script,
                                const std::vector<std::string>& flags = {}) const {
    std::vector<std::string> words{"--uri", store_.uri(), "once", "a"};
    if (std::find(flags.begin(), flags.end(), "--per") == flags.end())
      words.insert(words.end(), {"--per", "1h"});
    words.insert(words.end(), flags.begin(), flags.end());
    words.insert(words.end(), {"--", "sh", "-c", script});
    return tool_command(words);
  }
  Finished run(const std::string& script, const std::vector<std::string>& flags = {}) const {
    return run_process(once(script, flags));
  }

  const StoreUnderTest store_{GetParam()};
};

TEST_P(Once, starts_it_once_in_a_window_and_says_nothing_the_second_time) {
  EXPECT_EQ(run("echo ran; exit 3").out, "ran\n");
  const Finished second = run("echo ran");
  EXPECT_EQ(second.code, 0);
  EXPECT_EQ(second.out, "");
  EXPECT_EQ(second.err, "");
  EXPECT_EQ(run("echo ran", {"--busy-code", "9"}).code, 9);
  EXPECT_NE(run("echo ran", {"-v", "--as", "web-2"}).err.find("was started by "),
            std::string::npos);
}

TEST_P(Once, starts_it_again_in_the_next_window) {
  EXPECT_EQ(run("echo ran", {"--per", "1s"}).out, "ran\n");
  EXPECT_TRUE(eventually([&] { return run("echo ran", {"--per", "1s"}).out == "ran\n"; }));
}

TEST_P(Once, holds_the_lock_of_that_name_meanwhile) {
  Process first(once("echo $MONGOELECTOR_NAME $MONGOELECTOR_KIND; " + kObedient));
  first.await_line("a lock");
  EXPECT_EQ(run_tool({"--uri", store_.uri(), "lock", "a", "-n", "--", "true"}).code, 75);
  const Finished second = run("echo ran");
  EXPECT_EQ(second.code, 0);
  EXPECT_EQ(second.out, "");
  first.signal(SIGTERM);
  EXPECT_EQ(first.wait().code, 143);
}

TEST_P(Once, does_not_start_it_under_a_lock_that_somebody_else_has) {
  const auto lock = store_.hold("a");
  EXPECT_EQ(run("echo ran", {"--busy-code", "9"}).code, 9);
  lock->release();
  EXPECT_EQ(run("echo ran").out, "ran\n") << "the window was used up without a start";
}

TEST_P(Once, leaves_the_window_to_others_after_a_failure_if_asked_to) {
  EXPECT_EQ(run("exit 5", {"--retry-failed"}).code, 5);
  EXPECT_EQ(run("exit 6", {"--retry-failed"}).code, 6);
  EXPECT_EQ(run("echo ran", {"--retry-failed"}).out, "ran\n");
  EXPECT_EQ(run("echo ran", {"--retry-failed"}).out, "");
}

TEST_P(Once, leaves_the_window_to_others_if_the_command_cannot_run_here) {
  const std::vector<std::string> here{"--uri", store_.uri(), "once", "a", "--per", "1h", "--"};
  std::vector<std::string> missing = here;
  missing.push_back("no-such-command");
  EXPECT_EQ(run_tool(missing).code, 127);
  EXPECT_EQ(run("echo ran").out, "ran\n");
  EXPECT_EQ(run("echo ran").out, "");
}

TEST_P(Once, is_started_by_one_of_many_that_come_at_the_same_time) {
  for (int round = 0; round < 3; ++round) {
    std::vector<std::unique_ptr<Process>> hosts;
    const std::string name = "crowd" + std::to_string(round);
    for (int i = 0; i < 8; ++i) {
      hosts.push_back(std::make_unique<Process>(
          tool_command({"--uri", store_.uri(), "once", name, "--per", "1h", "--", "echo", "ran"})));
    }
    int started = 0;
    for (const auto& host : hosts) {
      const Finished finished = host->wait();
      EXPECT_EQ(finished.code, 0) << finished.err;
      started += finished.out == "ran\n";
    }
    EXPECT_EQ(started, 1);
  }
}

TEST_P(Once, refuses_what_makes_no_sense) {
  const auto code = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"--uri", store_.uri(), "once"});
    return run_tool(words).code;
  };
  EXPECT_EQ(code({"a", "--", "true"}), 64);
  EXPECT_EQ(code({"a", "--per", "0", "--", "true"}), 64);
  EXPECT_EQ(code({"a", "--per", "often", "--", "true"}), 64);
  EXPECT_EQ(code({"a", "--per", "1h"}), 64);
  EXPECT_EQ(code({}), 64);
}

TEST_P(Once, reports_that_it_was_not_due) {
  const TempDir dir;
  run("true");
  run_process(once("true"),
              {.environment = {{"MONGOELECTOR_REPORT_FILE", dir.file("report")}}});
  const auto report = nlohmann::json::parse(content(dir.file("report")));
  EXPECT_EQ(report.at("cause"), "not_due");
  EXPECT_EQ(report.at("command"), "once");
}

INSTANTIATE_TEST_SUITE_P(Stores, Once, testing::Values("sqlite", "mongodb"),
                         [](const auto& store) { return store.param; });

}  // namespace
}  // namespace mongoelector::test
