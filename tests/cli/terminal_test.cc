// Output as a person sees it: a narrow terminal, a pager that has seen enough.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <sstream>

#include "cli/stores.h"

namespace mongoelector::test {
namespace {

class OnTerminal : public testing::Test {
 protected:
  // The lines of what a shell on a terminal of so many columns shows.
  std::vector<std::string> lines(int columns, const std::string& line) const {
    const std::string script =
        "stty cols " + std::to_string(columns) + "; " + std::string(MONGOELECTOR_CLI) + " " + line;
    const Finished shown =
        run_process({"script", "-qec", script, "/dev/null"},
                    {.environment = {{"MONGODB_URI", at.uri()}, {"TERM", "xterm"}}});
    EXPECT_EQ(shown.code, 0) << shown.out;
    std::istringstream in(shown.out);
    std::vector<std::string> lines;
    for (std::string one; std::getline(in, one);) {
      one.erase(std::remove(one.begin(), one.end(), '\r'), one.end());
      lines.push_back(one);
    }
    return lines;
  }

  const StoreUnderTest at{"sqlite"};
};

TEST_F(OnTerminal, narrow_tables_lose_columns_from_the_right_and_wrap_nothing) {
  const auto locker = at.hold("nightly", {.label = "batch-1"});
  const auto elector = at.lead("billing", {.label = "web-1"});
  ASSERT_TRUE(eventually([&] { return !at.terms("billing").empty(); }));
  for (const char* line : {"list", "status", "members billing", "history billing"}) {
    const auto shown = lines(40, line);
    ASSERT_GE(shown.size(), 2u) << line;
    for (const std::string& one : shown) EXPECT_LE(one.size(), 40u) << line << ": " << one;
  }
  EXPECT_EQ(lines(40, "list").front().substr(0, 12), "KIND      NA");
  for (const char* line :
       {"list -o wide", "members billing -o wide", "history billing -o wide"}) {
    const auto shown = lines(40, line);
    EXPECT_TRUE(std::any_of(shown.begin(), shown.end(),
                            [](const std::string& one) { return one.size() > 40; }))
        << line;
  }
}

TEST_F(OnTerminal, status_watch_draws_the_screen_anew) {
  const auto locker = at.hold("nightly");
  Process watching({"script", "-qec",
                    std::string(MONGOELECTOR_CLI) + " status nightly -w 100ms --uri " + at.uri(),
                    "/dev/null"},
                   {.environment = {{"TERM", "xterm"}}});
  watching.await_line("\x1b[H\x1b[2Jlock");
  watching.await_line("\x1b[H\x1b[2Jlock");
}

TEST_F(OnTerminal, a_reader_that_has_seen_enough_ends_it_quietly) {
  const auto locker = at.hold("nightly");
  for (const char* line : {"list", "status nightly -w 50ms"}) {
    const Finished piped = run_process(
        {"bash", "-c", std::string(MONGOELECTOR_CLI) + " " + line + " | head -n1"},
        {.environment = {{"MONGODB_URI", at.uri()}}});
    EXPECT_EQ(piped.code, 0);
    EXPECT_EQ(std::count(piped.out.begin(), piped.out.end(), '\n'), 1) << line;
    EXPECT_EQ(piped.err, "") << line;
  }
}

}  // namespace
}  // namespace mongoelector::test
