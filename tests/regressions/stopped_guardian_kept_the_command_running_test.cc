// A guardian that was stopped (STOP, a debugger) passed no signal on and killed nobody, so that the
// command ran on after it was to end.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>

#include "cli/child.h"
#include "cli/signals.h"
#include "cli/supervised.h"
#include "support/eventually.h"

namespace mongoelector::test {
namespace {

using namespace std::chrono_literals;

TEST(StoppedGuardian, does_not_keep_a_signal_from_the_command) {
  const LocalStore store;
  Process tool(store.lock("trap 'echo got TERM; exit 9' TERM; echo ready $$; "
                          "while :; do sleep 0.02; done",
                          {"--ttl", "10m", "--grace", "2m"}));
  const pid_t guardian = guardian_of(await_ready(tool));
  // Again and again: at the start its supervisor has orders for it.
  ASSERT_TRUE(eventually([&] {
    kill(guardian, SIGSTOP);
    return process_state(guardian) == 'T';
  }));
  tool.signal(SIGTERM);
  EXPECT_EQ(tool.wait().code, 9);
}

TEST(StoppedGuardian, does_not_keep_the_command_alive_when_nothing_makes_it_go_on) {
  const LocalStore store;
  Process tool(store.lock(kStubborn, {"--ttl", "10s", "--grace", "2s"}));
  const pid_t pid = await_ready(tool);
  {
    const Frozen guardian(guardian_of(pid));
    ASSERT_TRUE(guardian.stopped());
    tool.signal(SIGTERM);
    tool.await_line("got TERM");
    ASSERT_TRUE(eventually([&] { return gone(pid); }));
    EXPECT_FALSE(store.record(Kind::lock)->claimable)
        << "given up before anybody has seen the whole group end";
  }
  EXPECT_EQ(tool.wait().code, 137);
}

TEST(StoppedGuardian, does_not_keep_the_command_beyond_the_lease) {
  const LocalStore store;
  Process tool(store.lock(kStubborn, {"--ttl", "9s", "--grace", "2s"}));
  const pid_t pid = await_ready(tool);
  {
    const Frozen guardian(guardian_of(pid));
    ASSERT_TRUE(guardian.stopped());
    const WriteBlock block(store.file("leases.db"));
    ASSERT_TRUE(block.taken());
    tool.await_line("got TERM");
    ASSERT_TRUE(eventually([&] { return gone(pid); }));
    EXPECT_GT(store.record(Kind::lock)->remaining, Duration::zero());
  }
  EXPECT_EQ(tool.wait().code, 80);
}

TEST(StoppedGuardian, hears_of_renewals_before_it_judges) {
  const cli::Signals signals;
  const auto clock = make_machine_clock();
  const LocalStore store;
  const std::string fifo = store.file("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  cli::Child child({.argv = {"sh", "-c", "read line < " + fifo + "; exit 6"},
                    .environment = {"PATH=/usr/bin:/bin"},
                    .signal_mask = signals.inherited()},
                   *clock, 0s);
  ASSERT_TRUE(eventually([&] {
    child.look();
    return child.pid() > 0;
  }));
  {
    const Frozen guardian(guardian_of(child.pid()));
    ASSERT_TRUE(guardian.stopped());
    child.covered_until(clock->now());
    child.covered_until(clock->now() + 1h);
  }
  std::ofstream(fifo) << "end\n";
  EXPECT_EQ(exit_code_of(child, *clock), 6);
}

}  // namespace
}  // namespace mongoelector::test
