// The command never outlives the lease: signals, the guardian, deadlines, the terminal.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "base/poll.h"
#include "cli/child.h"
#include "cli/signals.h"
#include "cli/supervised.h"
#include "cli/terminal.h"
#include "support/eventually.h"
#include "support/mongod.h"

namespace mongoelector::test {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

// A grace that no test waits for.
const std::vector<std::string> kPatient{"--ttl", "10m", "--grace", "2m"};

TEST(Supervisor, passes_on_a_signal_that_asks_to_end_once_and_exits_with_the_commands_code) {
  const LocalStore store;
  for (const auto& [signal, name] :
       {std::pair{SIGTERM, "TERM"}, {SIGINT, "INT"}, {SIGQUIT, "QUIT"}}) {
    Process tool(store.lock(std::string("trap 'echo got ") + name + "; exit 9' " + name +
                                "; echo ready $$; while :; do sleep 0.02; done",
                            kPatient));
    await_ready(tool);
    tool.signal(signal);
    const Finished finished = tool.wait();
    EXPECT_EQ(finished.code, 9);
    EXPECT_NE(finished.out.find(std::string("got ") + name), std::string::npos) << finished.out;
    EXPECT_FALSE(store.record(Kind::lock));
  }
}

TEST(Supervisor, passes_on_signals_that_mean_nothing_to_it) {
  const LocalStore store;
  Process tool(store.lock(kStubborn, kPatient));
  await_ready(tool);
  for (const auto& [signal, name] :
       {std::pair{SIGHUP, "HUP"}, {SIGUSR1, "USR1"}, {SIGUSR2, "USR2"}}) {
    tool.signal(signal);
    tool.await_line(std::string("got ") + name);
  }
}

TEST(Supervisor, ends_the_grace_with_a_second_interrupt) {
  const LocalStore store;
  Process tool(store.lock(kStubborn, kPatient));
  await_ready(tool);
  tool.signal(SIGINT);
  tool.await_line("got INT");
  tool.signal(SIGINT);
  EXPECT_EQ(tool.wait().code, 137);
}

TEST(Supervisor, kills_after_the_grace) {
  const LocalStore store;
  Process tool(store.lock(kStubborn, {"--ttl", "10s", "--grace", "2s"}));
  const pid_t pid = await_ready(tool);
  tool.signal(SIGTERM);
  tool.await_line("got TERM");
  EXPECT_EQ(tool.wait().code, 137);
  EXPECT_TRUE(gone(pid));
}

TEST(Supervisor, suspends_the_command_but_not_the_lease) {
  const LocalStore store;
  Process tool(store.lock(kObedient, {"--ttl", "1s", "--grace", "50ms"}));
  const pid_t pid = await_ready(tool);
  tool.signal(SIGTSTP);
  EXPECT_TRUE(eventually([&] { return process_state(pid) == 'T'; }));
  const auto version = store.record(Kind::lock)->version;
  EXPECT_TRUE(eventually([&] { return store.record(Kind::lock)->version > version; }));
  tool.signal(SIGCONT);
  EXPECT_TRUE(eventually([&] { return process_state(pid) == 'S'; }));
  tool.signal(SIGTERM);
  EXPECT_EQ(tool.wait().code, 143);
}

TEST(Supervisor, ends_a_suspended_command) {
  const LocalStore store;
  Process tool(store.lock(kObedient, kPatient));
  const pid_t pid = await_ready(tool);
  kill(pid, SIGSTOP);
  tool.signal(SIGTERM);
  EXPECT_EQ(tool.wait().code, 143);
}

TEST(Supervisor, leaves_no_process_of_the_group_behind) {
  const LocalStore store;
  const std::string fifo = store.file("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  // The stray ignores everything that can be ignored.
  Process tool(store.lock("sh -c 'trap \"\" HUP INT TERM; echo ready $$; while :; do sleep 0.02; "
                          "done' & read line < " + fifo + "; exit 4"));
  const pid_t stray = await_ready(tool);
  std::ofstream(fifo) << "end\n";
  EXPECT_EQ(tool.wait().code, 4);
  EXPECT_TRUE(gone(stray));
}

TEST(Supervisor, leaves_strays_alone_when_asked_to) {
  const LocalStore store;
  Process tool(store.lock("sleep 1000 >/dev/null 2>&1 & echo ready $!", {"--leave-strays"}));
  const pid_t stray = await_ready(tool);
  EXPECT_EQ(tool.wait().code, 0);
  EXPECT_FALSE(gone(stray));
  EXPECT_FALSE(store.record(Kind::lock));
  kill(stray, SIGKILL);
  EXPECT_TRUE(eventually([&] { return gone(stray); }));
}

TEST(Supervisor, takes_the_whole_group_with_it_before_anyone_else_gets_the_lock) {
  const LocalStore store;
  for (int i = 0; i < 30; ++i) {
    const std::string family =
        "(trap '' TERM; while :; do sleep 1000; done) & echo ready $$ $!; wait";
    Process first(store.lock(family, {"--ttl", "60s"}));
    const std::string pids = first.await_line("ready").substr(6);
    Process second(store.lock("for p in " + pids + "; do kill -0 $p 2>&1 && echo alive $p; done"));
    second.await_error_line("waiting");
    const auto killed = steady_clock::now();
    first.signal(SIGKILL);
    const Finished finished = second.wait();
    EXPECT_EQ(finished.code, 1) << "kill -0 found nobody";
    EXPECT_EQ(finished.out.find("alive"), std::string::npos) << finished.out << " in round " << i;
    EXPECT_LT(steady_clock::now() - killed, 5s) << "it waited for the ttl";
  }
}

TEST(Supervisor, ends_the_command_when_the_guardian_is_killed) {
  const LocalStore store;
  Process tool(store.lock("echo ready $$; echo guardian $PPID; exec sleep 1000", kPatient));
  const pid_t pid = await_ready(tool);
  const auto guardian = static_cast<pid_t>(std::stol(tool.await_line("guardian").substr(9)));
  ASSERT_NE(guardian, tool.pid());
  kill(guardian, SIGKILL);
  EXPECT_EQ(tool.wait().code, 137);
  EXPECT_TRUE(gone(pid)) << "the lock was free while the command was still there";
}

std::string children_of(pid_t pid) {
  const std::string number = std::to_string(pid);
  return content("/proc/" + number + "/task/" + number + "/children");
}

// On a server there is a guardian before there is a lease.
TEST(Supervisor, killed_before_it_holds_anything_leaves_nothing_behind) {
  const auto server = Mongod::replica_set();
  server->suspend();
  Process tool(tool_command({"--uri", server->uri("ops"), "lock", "a", "--", "true"}));
  ASSERT_TRUE(eventually([&] { return !children_of(tool.pid()).empty(); }));
  const auto guardian = static_cast<pid_t>(std::stol(children_of(tool.pid())));
  EXPECT_EQ(getpgid(guardian), getpgid(tool.pid())) << "it guards nothing yet";
  tool.signal(SIGKILL);
  EXPECT_TRUE(eventually([&] { return gone(guardian); }));
  server->resume();
}

TEST(Supervisor, that_waits_has_no_other_process) {
  const Mongod& server = Mongod::shared_replica_set();
  const std::vector<std::string> lock{"--uri", server.uri(fresh_database()), "lock", "a", "--"};
  const auto with = [&](const std::vector<std::string>& command) {
    std::vector<std::string> words = lock;
    words.insert(words.end(), command.begin(), command.end());
    return tool_command(words);
  };
  Process holder(with({"sh", "-c", "echo ready $$; exec sleep 1000"}));
  await_ready(holder);
  Process waiter(with({"echo", "ran"}));
  waiter.await_error_line("waiting for");
  EXPECT_TRUE(eventually([&] { return children_of(waiter.pid()).empty(); }));
  holder.signal(SIGTERM);
  EXPECT_EQ(waiter.wait().out, "ran\n");
}

TEST(Supervisor, leaves_no_dead_behind_of_those_that_the_command_forgot) {
  const LocalStore store;
  Process tool(store.lock("for i in 1 2 3 4 5 6 7 8 9; do (true &); done; echo ready $$; "
                          "echo guardian $PPID; exec sleep 1000",
                          kPatient));
  const pid_t pid = await_ready(tool);
  const auto guardian = static_cast<pid_t>(std::stol(tool.await_line("guardian").substr(9)));
  EXPECT_TRUE(eventually([&] { return children_of(guardian) == std::to_string(pid) + " "; }))
      << children_of(guardian);
  tool.signal(SIGTERM);
  EXPECT_EQ(tool.wait().code, 143);
}

TEST(Supervisor, a_stopped_supervisor_does_not_keep_the_command_beyond_the_lease) {
  const LocalStore store;
  Process tool(store.lock(kStubborn, {"--ttl", "2s", "--grace", "100ms"}));
  const pid_t pid = await_ready(tool);
  tool.signal(SIGSTOP);
  ASSERT_TRUE(eventually([&] { return gone(pid); }));
  const auto record = store.record(Kind::lock);
  ASSERT_TRUE(record) << "the lease was over before its command";
  EXPECT_FALSE(record->claimable);
  EXPECT_GT(record->remaining, Duration::zero());
  tool.signal(SIGCONT);
  EXPECT_EQ(tool.wait().code, 80);
}

TEST(Supervisor, a_store_that_hangs_ends_the_command_before_the_lease) {
  const LocalStore store;
  Process tool(store.lock(kStubborn, {"--ttl", "9s", "--grace", "2s"}));
  const pid_t pid = await_ready(tool);
  const WriteBlock block(store.file("leases.db"));
  ASSERT_TRUE(block.taken());
  tool.await_error_line("lease can no longer be proven; stopping pid " + std::to_string(pid));
  tool.await_line("got TERM");
  ASSERT_TRUE(eventually([&] { return gone(pid); }));
  const auto record = store.record(Kind::lock);
  ASSERT_TRUE(record);
  EXPECT_GT(record->remaining, Duration::zero()) << "the lease was over before its command";
  const Finished finished = tool.wait();
  EXPECT_EQ(finished.code, 80);
  EXPECT_NE(finished.err.find("s before the lease ended"), std::string::npos) << finished.err;
}

TEST(Supervisor, a_frozen_server_ends_the_command_before_the_lease) {
  const auto server = Mongod::replica_set();
  Process tool(tool_command({"--uri", server->uri("ops"), "lock", "a", "--ttl", "4s", "--grace",
                             "300ms", "--", "sh", "-c", kStubborn}));
  const pid_t pid = await_ready(tool);
  server->suspend();
  // Whatever was renewed last was sent before now.
  const auto frozen = steady_clock::now();
  ASSERT_TRUE(eventually([&] { return gone(pid); }));
  EXPECT_LT(steady_clock::now() - frozen, 4s);
  server->resume();
  EXPECT_EQ(tool.wait().code, 80);
}

TEST(Supervisor, gives_the_terminal_to_the_command_and_takes_it_back) {
  const LocalStore store;
  const std::string line = std::string(MONGOELECTOR_CLI) + " --uri " + store.uri() + " lock a ";
  InTerminal shell({"sh", "-c", line + "-c 'read x; echo \"command has <$x>\"'; " +
                                    "read y; echo \"shell has <$y>\"; " + line +
                                    "-c 'echo wait; exec sleep 1000'; echo code $?"});
  shell.type("one\n");
  EXPECT_TRUE(shell.await("command has <one>")) << shell.seen();
  shell.type("two\n");
  EXPECT_TRUE(shell.await("shell has <two>")) << shell.seen();
  EXPECT_TRUE(shell.await("wait\r\n")) << shell.seen();
  shell.type("\x03");
  EXPECT_TRUE(shell.await("code 130")) << shell.seen();
  EXPECT_EQ(shell.wait(), 0);
}

// ---- the parts ----

class ChildTest : public testing::Test {
 protected:
  cli::ChildPlan plan(const std::string& script) const {
    return {.argv = {"sh", "-c", script},
            .environment = {"PATH=/usr/bin:/bin"},
            .signal_mask = signals_.inherited()};
  }
  int end_of(cli::Child& child) const { return exit_code_of(child, *clock_); }

  cli::Signals signals_;
  std::shared_ptr<Clock> clock_ = make_machine_clock();
};

TEST_F(ChildTest, has_only_the_environment_it_was_given) {
  cli::ChildPlan only = plan("test \"$A\" = b && test -z \"$HOME\"");
  only.environment.emplace_back("A=b");
  cli::Child child(only, *clock_, 1s);
  EXPECT_EQ(end_of(child), 0);
}

TEST_F(ChildTest, is_not_over_while_something_is_left_of_the_group_of_a_killed_guardian) {
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);  // the command is left to us, until we reap it
  cli::Child child(plan("exec sleep 1000"), *clock_, 20s);
  ASSERT_TRUE(eventually([&] {
    child.look();
    return child.pid() > 0;
  }));
  ASSERT_EQ(kill(guardian_of(child.pid()), SIGKILL), 0);
  ASSERT_TRUE(eventually([&] { return process_state(child.pid()) == 'Z'; }));
  child.look();
  EXPECT_FALSE(child.exit_code());
  EXPECT_EQ(waitpid(child.pid(), nullptr, 0), child.pid());
  EXPECT_EQ(end_of(child), 128 + SIGKILL);
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_F(ChildTest, is_not_deaf_to_the_signals_its_parent_reads) {
  cli::Child child(plan("kill -TERM $$; kill -HUP $$; exit 3"), *clock_, 1s);
  EXPECT_EQ(end_of(child), 128 + SIGTERM);
}

TEST_F(ChildTest, is_killed_when_nobody_extends_its_lease) {
  cli::Child child(plan("trap '' TERM; while :; do sleep 0.02; done"), *clock_, 50ms);
  child.covered_until(clock_->now() + 100ms);
  EXPECT_EQ(end_of(child), 128 + SIGKILL);
  EXPECT_GE(clock_->now(), child.covered_until());
}

TEST_F(ChildTest, goes_on_while_its_lease_is_extended) {
  cli::Child child(plan("exit 6"), *clock_, 50ms);
  child.covered_until(clock_->now() + 1h);
  EXPECT_EQ(end_of(child), 6);
}

TEST_F(ChildTest, dies_with_whoever_started_it) {
  std::optional<cli::Child> child(std::in_place, plan("exec sleep 1000"), *clock_, 1s);
  EXPECT_TRUE(eventually([&] {
    child->look();
    return child->pid() > 0;
  }));
  const pid_t pid = child->pid();
  child.reset();
  EXPECT_TRUE(gone(pid));
}

}  // namespace
}  // namespace mongoelector::test
