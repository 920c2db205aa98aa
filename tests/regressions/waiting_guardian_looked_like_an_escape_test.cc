// A guardian that waited for its start had a process group of its own, and was left behind when the
// tool gave up before it had a lease: the guardian around that tool then warned of a process that
// had left the command's group. Found by review.
#include <gtest/gtest.h>
#include <sys/prctl.h>

#include "cli/supervised.h"
#include "support/mute_server.h"

namespace mongoelector::test {
namespace {

TEST(WaitingGuardian, goes_with_a_tool_that_gives_up) {
  const MuteServer server;
  const LocalStore store;
  for (int i = 0; i < 10; ++i) {
    const Finished finished =
        run_process(store.command("lock", {"outer", "--", MONGOELECTOR_CLI, "--uri", server.uri(),
                                           "--timeout", "100ms", "lock", "inner", "-n", "--",
                                           "true"}));
    EXPECT_EQ(finished.code, 69);
    EXPECT_EQ(finished.err.find("left the command's process group"), std::string::npos)
        << finished.err;
  }
}

TEST(WaitingGuardian, is_reaped_by_a_tool_that_gives_up) {
  const MuteServer server;
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // what the tool leaves behind comes to us
  const Finished finished = run_tool({"--uri", server.uri(), "--timeout", "100ms", "lock", "inner",
                                      "-n", "--", "true"});
  EXPECT_EQ(finished.code, 69);
  EXPECT_EQ(child_named("elector-guard"), -1);
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

}  // namespace
}  // namespace mongoelector::test
