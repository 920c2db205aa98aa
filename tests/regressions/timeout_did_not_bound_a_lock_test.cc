// `lock`, `once` and `run` took --timeout and did not keep to it.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "cli/supervised.h"
#include "support/eventually.h"
#include "support/mongod.h"
#include "support/mute_server.h"

namespace mongoelector::test {
namespace {

using namespace std::chrono_literals;

const std::string kTool = MONGOELECTOR_CLI;
const std::string kLate = "the store did not answer within ";

TEST(Timeout, bounds_the_first_contact_of_who_starts_a_command) {
  const MuteServer server;
  const LocalStore store;
  const std::string file = store.file("report");
  for (const std::string start :
       {"lock a -n", "lock a", "lock a -w 1h", "once a --per 1h", "run a"}) {
    const std::string line = kTool + " --uri " + server.uri() +
                             " --timeout 300ms " + start + " -- true";
    const Finished finished =
        run_process({"sh", "-c", line}, {.environment = {{"MONGOELECTOR_REPORT_FILE", file}}});
    EXPECT_EQ(finished.code, 69) << start;
    EXPECT_NE(finished.err.find(kLate + "300ms"), std::string::npos) << finished.err;
    EXPECT_NE(content(file).find("\"cause\":\"store\""), std::string::npos) << content(file);
  }
}

// A server that is slow to answer one kind of command.
class Timeouts : public testing::Test {
 protected:
  // `commands`: what failCommand takes.
  Mongod::Failing slow(const std::string& commands, std::chrono::milliseconds by) const {
    const std::string block = R"(, "blockConnection": true, "blockTimeMS": )";
    return server_.fail_commands("mongoelector", commands + block + std::to_string(by.count()));
  }
  ~Timeouts() override { server_.stop_failing(); }
  // A machine that is busy enough may not even make contact in this second; then again.
  Finished run(const std::string& commands, std::vector<std::string> words) const {
    words.insert(words.begin(), {"--uri", server_.uri("timeouts"), "--timeout", "1s"});
    words.insert(words.end(), {"--", "echo", "ran"});
    for (int tries = 0;; ++tries) {
      slow(commands, 2500ms);
      Finished finished = run_tool(words);
      if (finished.err.find(kLate + "1s; --timeout") == std::string::npos || tries == 20)
        return finished;
    }
  }

  Mongod& server_ = Mongod::shared_replica_set();
  const std::string claims_ = R"("failCommands": ["findAndModify"])";
  const std::string windows_ =
      R"("failCommands": ["insert", "update"], "namespace": "timeouts.elector.control")";
};

// A call ends by itself after 1.5 s.
TEST_F(Timeouts, bounds_the_attempt_of_who_does_not_wait) {
  const Finished finished = run(claims_, {"lock", "late", "-n"});
  EXPECT_EQ(finished.code, 69);
  EXPECT_NE(finished.err.find(kLate + "1s; it may be held all the same"), std::string::npos)
      << finished.err;
}

TEST_F(Timeouts, do_not_bound_a_wait) {
  EXPECT_EQ(run(claims_, {"lock", "patient", "--quiet-wait"}).code, 0);
}

TEST_F(Timeouts, bounds_taking_the_window_of_once) {
  const Finished finished = run(windows_, {"once", "due", "--per", "1h"});
  EXPECT_EQ(finished.code, 69);
  EXPECT_EQ(finished.out, "");
  EXPECT_NE(finished.err.find(kLate + "1s; nothing was started"), std::string::npos)
      << finished.err;
}

// ... and the command was started all the same by who had been told to end meanwhile.
TEST_F(Timeouts, once_that_is_ended_while_it_takes_its_window_gives_it_back) {
  // The signal may come too late on a busy machine; then again.
  for (int tries = 0;; ++tries) {
    const std::string name = "ended " + std::to_string(tries);
    const std::vector<std::string> words{"--uri", server_.uri("timeouts"), "once", name,
                                         "--per", "1h", "--", "echo", "ran"};
    const Mongod::Failing slow_window = slow(windows_, 700ms);
    Process tool(tool_command(words));
    server_.await_hit(slow_window);
    tool.signal(SIGTERM);
    tool.signal(SIGINT);  // whoever insists is answered when the store has answered
    const Finished finished = tool.wait();
    if (!finished.out.empty() && tries < 20) continue;
    EXPECT_TRUE(finished.code == 128 + SIGTERM || finished.code == 128 + SIGINT) << finished.err;
    EXPECT_EQ(finished.out, "");
    EXPECT_EQ(run_tool(words).out, "ran\n") << "neither the window nor the lock was given back";
    return;
  }
}

}  // namespace
}  // namespace mongoelector::test
