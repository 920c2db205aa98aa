// A lock that was to be had at once swallowed the signals that came while it was claimed: USR1 was
// lost, and TSTP stopped the supervisor with the lock held, which then ran out.
#include <gtest/gtest.h>
#include <signal.h>

#include "cli/supervised.h"

namespace mongoelector::test {
namespace {

// Waits, blocked as they are, until both have been passed on to it.
constexpr char kUntilBoth[] =
    "until mask=$(sed -n 's/^ShdPnd:\\t//p' /proc/$$/status) && "
    "test $((0x$mask & 0x80200)) -eq $((0x80200)); do sleep 0.02; done; echo both";

TEST(EarlySignal, reaches_the_command_of_a_lock_that_is_had_at_once) {
  static_assert(SIGUSR1 == 10 && SIGTSTP == 20);
  const LocalStore store;
  sigset_t early{};
  sigset_t before{};
  sigemptyset(&early);
  sigaddset(&early, SIGUSR1);
  sigaddset(&early, SIGTSTP);
  sigprocmask(SIG_BLOCK, &early, &before);  // the tool is started with them blocked
  for (const std::string flag : {"-n", "--quiet-wait"}) {
    Process shell({"sh", "-c", "kill -USR1 $$; kill -TSTP $$; exec \"$@\"", "sh",
                   MONGOELECTOR_CLI, "--uri", store.uri(), "lock", "a", flag, "-c", kUntilBoth});
    EXPECT_EQ(shell.read_line(), "both");
    EXPECT_EQ(shell.wait().code, 0);
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace
}  // namespace mongoelector::test
