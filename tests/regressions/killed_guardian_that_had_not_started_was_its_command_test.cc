// A guardian that was killed while it waited for its start counted as a command that was killed,
// though nothing had been started. Found by review.
#include <gtest/gtest.h>
#include <signal.h>

#include "cli/supervised.h"
#include "mongoelector/clock.h"
#include "support/eventually.h"

namespace mongoelector::test {
namespace {

TEST(WaitingGuardian, that_was_killed_is_replaced) {
  const auto clock = make_machine_clock();
  auto guardian = std::make_unique<cli::Guardian>(*clock);
  EXPECT_TRUE(guardian->waits());
  pid_t pid = -1;
  ASSERT_TRUE(eventually([&] { return (pid = child_named("elector-guard")) > 0; }));
  ASSERT_EQ(kill(pid, SIGKILL), 0);
  ASSERT_TRUE(eventually([&] { return !guardian->waits(); }));
  sigset_t mask{};
  sigemptyset(&mask);
  cli::Child child({.argv = {"sh", "-c", "exit 3"}, .environment = {"PATH=/usr/bin:/bin"},
                    .signal_mask = mask},
                   *clock, std::chrono::seconds(1), std::move(guardian));
  EXPECT_EQ(exit_code_of(child, *clock), 3);
  EXPECT_TRUE(child.ran());
}

}  // namespace
}  // namespace mongoelector::test
