// In a pipeline, or with stdin from a file, a command that used /dev/tty was stopped for want of
// the terminal and stayed so, in silence.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "cli/supervised.h"
#include "cli/terminal.h"
#include "support/eventually.h"

namespace mongoelector::test {
namespace {

const std::string kTool = MONGOELECTOR_CLI;

class WantedTerminal : public testing::Test {
 protected:
  // `lock a FLAGS -c SCRIPT` for a line of sh; SCRIPT without single quotes.
  std::string lock(const std::string& script, const std::string& flags = {}) const {
    return kTool + " --uri " + store_.uri() + " lock a " + flags + " -c '" + script + "'";
  }
  // As in a person's shell: each pipeline is a job of its own. (dash never learns that a process
  // was continued, and takes such a job for stopped.)
  static InTerminal shell(const std::string& line) {
    return InTerminal({"bash", "-mc", line + "; echo code $?"});
  }
  // The pid after `word` on the terminal.
  static pid_t pid_after(InTerminal& shell, const std::string& word) {
    if (!shell.await(word + " ") || !shell.await(".\r\n")) return -1;
    return static_cast<pid_t>(std::stol(shell.seen().substr(shell.seen().find(word) +
                                                            word.size())));
  }

  const LocalStore store_{};
};

constexpr char kAsk[] = "read x </dev/tty; echo \"command has <$x>\"";

TEST_F(WantedTerminal, is_given_to_a_command_in_the_middle_of_a_pipeline) {
  InTerminal tool = shell("echo no | " + lock(kAsk) + " | cat");
  tool.type("one\n");
  EXPECT_TRUE(tool.await("command has <one>")) << tool.seen();
  EXPECT_TRUE(tool.await("code 0")) << tool.seen();
  EXPECT_EQ(tool.wait(), 0);
}

TEST_F(WantedTerminal, stays_with_the_command_once_it_has_it) {
  InTerminal tool = shell("echo no | " + lock("read x </dev/tty; echo \"has <$x>\"; "
                                              "read y </dev/tty; echo \"then <$y>\"",
                                              "--ttl 1s --grace 50ms"));
  tool.type("one\n");
  EXPECT_TRUE(tool.await("has <one>")) << tool.seen();
  // The supervisor looks at its command far more often than it renews.
  const auto version = store_.record(Kind::lock)->version;
  EXPECT_TRUE(eventually([&] { return store_.record(Kind::lock)->version > version; }));
  tool.type("two\n");
  EXPECT_TRUE(tool.await("then <two>")) << tool.seen();
  EXPECT_EQ(tool.wait(), 0);
  EXPECT_EQ(tool.seen().find("is suspended"), std::string::npos) << tool.seen();
}

TEST_F(WantedTerminal, is_given_to_a_command_with_stdin_from_a_file) {
  InTerminal tool = shell(lock(kAsk) + " </dev/null; read y; echo \"shell has <$y>\"");
  tool.type("one\n");
  EXPECT_TRUE(tool.await("command has <one>")) << tool.seen();
  tool.type("two\n");
  EXPECT_TRUE(tool.await("shell has <two>")) << tool.seen();
  EXPECT_EQ(tool.wait(), 0);
}

TEST_F(WantedTerminal, is_given_to_a_command_that_changes_its_settings) {
  InTerminal tool = shell("echo no | " + lock("stty -echo </dev/tty; echo changed"));
  EXPECT_TRUE(tool.await("changed")) << tool.seen();
  EXPECT_TRUE(tool.await("code 0")) << tool.seen();
  EXPECT_EQ(tool.wait(), 0);
}

TEST_F(WantedTerminal, stays_with_a_pager_while_the_command_does_not_ask) {
  InTerminal tool =
      shell(lock("echo text; while ! test -e " + store_.file("read") + "; do sleep 0.02; done") +
            " | sh -c 'read line; read key </dev/tty; echo \"pager has <$key>\" for $line; >" +
            store_.file("read") + "'");
  tool.type("q\n");
  EXPECT_TRUE(tool.await("pager has <q> for text")) << tool.seen();
  EXPECT_TRUE(tool.await("code 0")) << tool.seen();
  EXPECT_EQ(tool.wait(), 0);
}

TEST_F(WantedTerminal, comes_back_to_a_pager_that_was_stopped_for_want_of_it) {
  const std::string go = store_.file("go");
  InTerminal tool = shell(
      lock("read x </dev/tty; echo \"has <$x>\" >/dev/tty; read y </dev/tty; echo \"then <$y>\"") +
      " | sh -c 'echo pager $$.; while ! test -e " + go +
      "; do sleep 0.02; done; read z </dev/tty; cat; echo \"pager has <$z>\"'");
  const pid_t pager = pid_after(tool, "pager");
  ASSERT_GT(pager, 0) << tool.seen();
  tool.type("one\n");
  ASSERT_TRUE(tool.await("has <one>")) << tool.seen();
  std::ofstream(go) << "x";
  ASSERT_TRUE(eventually([&] { return process_state(pager) == 'T'; }));
  tool.type("two\n");
  ASSERT_TRUE(eventually([&] { return process_state(pager) != 'T'; })) << tool.seen();
  tool.type("three\n");
  EXPECT_TRUE(tool.await("then <two>")) << tool.seen();
  EXPECT_TRUE(tool.await("pager has <three>")) << tool.seen();
  EXPECT_EQ(tool.wait(), 0);
}

TEST_F(WantedTerminal, is_given_as_soon_as_the_job_comes_to_the_foreground) {
  InTerminal tool = shell(lock(kAsk) + " & read line; echo \"shell has <$line>\"; fg");
  EXPECT_TRUE(tool.await("is suspended until it gets the terminal")) << tool.seen();
  tool.type("one\n");
  EXPECT_TRUE(tool.await("shell has <one>")) << tool.seen();
  tool.type("two\n");
  EXPECT_TRUE(tool.await("command has <two>")) << tool.seen();
  EXPECT_TRUE(tool.await("code 0")) << tool.seen();
  EXPECT_EQ(tool.wait(), 0);
}

}  // namespace
}  // namespace mongoelector::test
