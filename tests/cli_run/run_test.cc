// `mongoelector run` as a user, a service manager and other candidates see it.
#include <gtest/gtest.h>

#include <chrono>
#include <regex>

#include "cli/supervised.h"
#include "support/eventually.h"

namespace mongoelector::test {
namespace {

using namespace std::chrono_literals;

const std::string kWorker = "echo ready $$; echo token $MONGOELECTOR_TOKEN; exec sleep 1000";

unsigned long long await_token(Process& process) {
  return std::stoull(process.await_line("token").substr(6));
}

TEST(Run, runs_the_command_of_one_candidate_and_hands_over_on_a_clean_stop) {
  const LocalStore store;
  Process first(store.run(kWorker, {"--as", "web-1"}));
  const auto token = await_token(first);
  Process second(store.run(kWorker, {"--as", "web-2"}));
  EXPECT_TRUE(std::regex_search(
      second.await_error_line("candidate"),
      std::regex("candidate web-2\\.\\d+\\.[0-9a-f]{4} in election \"a\"; store sqlite:")));
  EXPECT_TRUE(std::regex_search(second.await_error_line("standby"),
                                std::regex("standby; leader is web-1 \\(since \\S+\\)$")));
  const auto stopped = std::chrono::steady_clock::now();
  first.signal(SIGTERM);
  EXPECT_EQ(first.wait().code, 0);
  EXPECT_GT(await_token(second), token);
  EXPECT_LT(std::chrono::steady_clock::now() - stopped, 3s) << "it waited for the ttl";
}

TEST(Run, of_two_standbys_the_preferred_one_takes_over) {
  const LocalStore store;
  Process leader(store.run(kWorker, {"--as", "web-1"}));
  await_token(leader);
  Process low(store.run(kWorker, {"--as", "web-2", "--ttl", "5s", "--grace", "100ms", "--priority",
                              "-2"}));
  EXPECT_NE(low.await_error_line("lease 5s").find("taken over within 2s, a clean stop within 2s"),
            std::string::npos);
  low.await_error_line("standby");
  Process preferred(store.run(kWorker, {"--as", "web-3"}));
  preferred.await_error_line("standby");
  leader.signal(SIGTERM);
  await_token(preferred);
  preferred.signal(SIGTERM);
  await_token(low);
}

TEST(Run, a_crash_ends_the_old_command_before_the_next_starts) {
  const LocalStore store;
  auto leader = std::make_unique<Process>(store.run(kWorker));
  pid_t pid = await_ready(*leader);
  for (int i = 0; i < 10; ++i) {
    auto next = std::make_unique<Process>(
        store.run("kill -0 " + std::to_string(pid) + " 2>&1 && echo alive; " + kWorker));
    next->await_error_line("standby");
    leader->signal(SIGKILL);
    std::string line = next->read_line();
    EXPECT_EQ(line.find("alive"), std::string::npos) << "round " << i;
    pid = await_ready(*next);
    leader = std::move(next);
  }
}

TEST(Run, gives_the_lease_up_only_after_the_command_has_ended) {
  const LocalStore store;
  const std::string log = store.file("log");
  const std::string script = "trap 'sleep 0.3; echo end >> " + log +
                             "; exit' TERM; echo start >> " + log +
                             "; echo ready $$; while :; do sleep 0.02; done";
  Process first(store.run(script));
  await_ready(first);
  Process second(store.run(script));
  second.await_error_line("standby");
  first.signal(SIGTERM);
  await_ready(second);
  EXPECT_EQ(content(log), "start\nend\nstart\n");
  EXPECT_EQ(first.wait().code, 0);
}

TEST(Run, hands_over_and_exits_with_the_code_of_a_command_that_ends) {
  const LocalStore store;
  for (const int code : {0, 3}) {
    EXPECT_EQ(run_process(store.run("exit " + std::to_string(code))).code, code);
    EXPECT_FALSE(store.record(Kind::election));
  }
  EXPECT_EQ(run_process(store.command("run", {"a", "--", "no-such-program"})).code, 127);
}

TEST(Run, starts_the_command_again_when_asked_to) {
  const LocalStore store;
  // Fails twice, then ends well.
  const std::string script = "echo x >> " + store.file("runs") + "; test $(wc -l < " +
                             store.file("runs") + ") -gt 2";
  const Finished finished =
      run_process(store.run(script, {"--restart", "on-failure", "--restart-delay", "10ms"}));
  EXPECT_EQ(finished.code, 0);
  EXPECT_EQ(content(store.file("runs")), "x\nx\nx\n");
  EXPECT_NE(finished.err.find("starting again in 20ms"), std::string::npos) << finished.err;

  Process always(store.run("echo again", {"--restart", "always", "--restart-delay", "10ms"}));
  for (int i = 0; i < 3; ++i) always.await_line("again");
  always.signal(SIGTERM);
  EXPECT_EQ(always.wait().code, 0);
}

TEST(Run, stops_the_command_when_the_lease_is_taken_away_and_stays_a_candidate) {
  const LocalStore store;
  Process tool(store.run(kWorker, {"--ttl", "2s", "--grace", "100ms"}));
  const pid_t pid = await_ready(tool);
  const auto token = await_token(tool);
  store.break_lease(Kind::election);
  tool.await_error_line("the lease was taken away at the store; stopping pid");
  tool.await_error_line("; standby");
  EXPECT_TRUE(gone(pid));
  EXPECT_GT(await_token(tool), token);
  tool.signal(SIGTERM);
  EXPECT_EQ(tool.wait().code, 0);
}

TEST(Run, without_a_command_prints_each_change_of_its_role) {
  const LocalStore store;
  Process first(store.command("run", {"a", "--as", "web-1"}));
  EXPECT_TRUE(
      std::regex_match(first.read_line(), std::regex("elected, (term \\d+, )?token \\d+")));
  Process second(store.command("run", {"a", "--as", "web-2"}));
  EXPECT_TRUE(std::regex_match(second.read_line(),
                               std::regex("standby; leader is web-1 \\(since \\S+\\)")));
  first.signal(SIGTERM);
  EXPECT_EQ(first.wait().code, 0);
  EXPECT_TRUE(
      std::regex_match(second.read_line(), std::regex("elected, (term \\d+, )?token \\d+")));
}

TEST(Run, leaves_nothing_behind_when_stopped_as_standby) {
  const LocalStore store;
  Process leader(store.run(kWorker));
  await_ready(leader);
  for (const auto& [signal, code] : {std::pair{SIGTERM, 0}, {SIGINT, 130}, {SIGHUP, 129}}) {
    Process standby(store.run(kWorker));
    standby.await_error_line("standby");
    standby.signal(signal);
    EXPECT_EQ(standby.wait().code, code);
  }
  const auto session = connect(store.uri());
  EXPECT_EQ(session->store().members(Key::election("a")).members.size(), 1u);
}

TEST(Run, refuses_what_cannot_work) {
  const LocalStore store;
  EXPECT_EQ(run_process(store.command("run", {})).code, 64);
  EXPECT_EQ(run_process(store.run("true", {"--restart", "never"})).code, 64);
  EXPECT_EQ(run_process(store.run("true", {"--ttl", "3s", "--grace", "3s"})).code, 78);
}

}  // namespace
}  // namespace mongoelector::test
