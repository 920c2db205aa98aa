// A forked child of a process that holds leases: it holds nothing, sends nothing, and never blocks
// on what the parent's threads were doing at that moment.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "mongoelector/elector.h"
#include "mongoelector/locker.h"
#include "mongoelector/memory_store.h"
#include "support/eventually.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"

namespace mongoelector::test {
namespace {

using std::chrono::seconds;

class Fork : public testing::Test {
 protected:
  int all_calls() const {
    int all = 0;
    for (const Verb verb : {Verb::claim, Verb::renew, Verb::release, Verb::break_lease, Verb::read,
                            Verb::list, Verb::info, Verb::report, Verb::retire, Verb::members})
      all += store_->calls(verb);
    return all;
  }
  // Runs `body` in a forked child, which has ten seconds; what it returned, or -1.
  template <class Body>
  static int in_child(const Body& body) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(10);  // its default action ends a child that hangs
      _exit(body());
    }
    int status = -1;
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
    return WEXITSTATUS(status);
  }

  std::shared_ptr<FakeClock> clock_ = std::make_shared<FakeClock>();
  std::shared_ptr<FaultyStore> store_ =
      std::make_shared<FaultyStore>(make_memory_store(clock_));
  std::shared_ptr<Session> session_ =
      std::make_shared<Session>(store_, ConnectOptions{.clock = clock_});
};

TEST_F(Fork, nothing_blocks_or_speaks_in_the_child_whatever_the_parent_was_doing) {
  MongoLocker lock(session_, "nightly");
  MongoElector elector(session_, "billing", {.report_status = false});
  lock.acquire();
  elector.start();
  ASSERT_TRUE(eventually([&] { return elector.ismaster(); }));
  const Term term = *elector.term();
  // Threads that hold the locks of both as much of the time as they can.
  std::atomic<bool> over{false};
  std::thread asking([&] {
    while (!over) {
      elector.node_status();
      elector.pollwait();
      lock.stop_token();
      session_->threads();
    }
  });
  for (int round = 0; round < 50; ++round) {
    const int calls = all_calls();
    EXPECT_EQ(in_child([&] {
      const bool holds = elector.ismaster() || lock.owned() || term.valid() ||
                         elector.running() || elector.term() || session_->threads() != 0 ||
                         elector.node_status().ismaster || lock.status().lock_owned ||
                         lock.remaining() != Duration::zero() ||
                         elector.pollwait() != Duration::zero();
      const bool told = lock.stop_token().stop_requested();
      elector.stop();
      elector.release();
      lock.unlock();
      elector.~MongoElector();
      lock.~MongoLocker();
      session_.reset();
      return holds ? 1 : !told ? 2 : all_calls() != calls ? 3 : 0;
    }),
              0);
  }
  over = true;
  asking.join();
  EXPECT_TRUE(lock.owned() && elector.ismaster());
  EXPECT_TRUE(lock.release());
}

TEST_F(Fork, a_child_that_exits_in_the_usual_way_ends_too) {
  const auto lock = std::make_shared<MongoLocker>(session_, "nightly");
  lock->acquire();
  static std::shared_ptr<MongoLocker> kept;  // goes with the statics
  kept = lock;
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);
    std::exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  kept.reset();
  EXPECT_TRUE(lock->owned());
}

}  // namespace
}  // namespace mongoelector::test
