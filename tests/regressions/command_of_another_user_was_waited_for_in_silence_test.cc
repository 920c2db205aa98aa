// A command that runs as another user (sudo) may not be signalled. Nobody said so, and after its
// guardian was killed the lock was given up while it ran.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <array>
#include <bit>
#include <fstream>
#include <future>

#include "cli/supervised.h"
#include "support/eventually.h"

namespace mongoelector::test {
namespace {

// From now on the kernel refuses this thread, and what it starts, every signal to a group.
bool refuse_signals_to_groups() {
  constexpr unsigned kFirst = std::endian::native == std::endian::big ? 4 : 0;  // the low half
  std::array<sock_filter, 6> rules{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_kill, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0]) + kFirst),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x80000000U, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{.len = rules.size(), .filter = rules.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// What a thread has taken on in that way stays with it for ever.
void on_a_thread_of_its_own(void (*test)()) { std::async(std::launch::async, test).get(); }

void keep_the_lock_until_it_ends() {
  ASSERT_TRUE(refuse_signals_to_groups());
  const LocalStore store;
  const std::string fifo = store.file("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  Process tool(store.lock("echo ready $$; read line < " + fifo + "; exit 4",
                          {"--ttl", "2s", "--grace", "100ms"}));
  const std::string pid = std::to_string(await_ready(tool));
  tool.signal(SIGTERM);
  tool.await_error_line("warning: pid " + pid + " or what it started cannot be stopped");
  tool.signal(SIGUSR1);
  const auto version = store.record(Kind::lock)->version;
  EXPECT_TRUE(eventually([&] { return store.record(Kind::lock)->version > version; }));
  std::ofstream(fifo) << "end\n";
  const Finished finished = tool.wait();
  EXPECT_EQ(finished.code, 4);
  constexpr char kWarning[] = "cannot be stopped";
  EXPECT_EQ(finished.err.find(kWarning), finished.err.rfind(kWarning)) << finished.err;
  EXPECT_FALSE(store.record(Kind::lock));
}

void wait_for_what_it_left() {
  ASSERT_TRUE(refuse_signals_to_groups());
  const LocalStore store;
  Process tool(store.lock("sleep 30 & echo ready $!; exit 3"));
  const pid_t left = await_ready(tool);
  tool.await_error_line("cannot be stopped from here");
  EXPECT_FALSE(store.record(Kind::lock)->claimable);
  EXPECT_FALSE(gone(left));
  kill(left, SIGKILL);
  EXPECT_EQ(tool.wait().code, 3);
  EXPECT_FALSE(store.record(Kind::lock));
}

TEST(CommandOfAnotherUser, leaves_the_lock_only_with_the_last_process_that_it_started) {
  on_a_thread_of_its_own(wait_for_what_it_left);
}

TEST(CommandOfAnotherUser, keeps_the_lock_until_it_ends_and_is_warned_of_once) {
  on_a_thread_of_its_own(keep_the_lock_until_it_ends);
}

}  // namespace
}  // namespace mongoelector::test
