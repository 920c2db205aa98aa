// The embedded store closes its files in a forked child. The guardian of a command is one, and
// lives on what it inherits: without the descriptor that keeps the lease, a killed supervisor left
// the key free before the command was gone.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "cli/supervised.h"
#include "support/eventually.h"
#include "support/process.h"

namespace mongoelector::test {
namespace {

TEST(Guardian, holds_the_lease_of_a_killed_supervisor_until_the_command_is_gone) {
  // A stopped group that loses its last link to its session would be continued by the kernel; with
  // us as the new parent it keeps one.
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  const LocalStore store;
  Process tool(store.lock(kObedient, {"--ttl", "60s"}));
  const pid_t command = await_ready(tool);
  const pid_t guardian = guardian_of(command);
  // Held up, it cannot do away with the command.
  std::optional<Frozen> held_up(guardian);
  ASSERT_TRUE(held_up->stopped());
  tool.signal(SIGKILL);
  tool.wait();  // until its last thread is gone, and with it its hold on the lease
  ASSERT_FALSE(gone(command));
  EXPECT_FALSE(store.record(Kind::lock)->claimable);
  held_up.reset();
  ASSERT_TRUE(eventually([&] { return store.record(Kind::lock)->claimable; }));
  EXPECT_TRUE(gone(command));
  EXPECT_EQ(waitpid(guardian, nullptr, 0), guardian);
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

}  // namespace
}  // namespace mongoelector::test
