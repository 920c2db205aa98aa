// That a lock is waited for is told to people: late, seldom, and never on the way of an acquire.
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <vector>

#include "mongoelector/error.h"
#include "mongoelector/locker.h"
#include "mongoelector/memory_store.h"
#include "support/eventually.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"

namespace mongoelector::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Waiters : public testing::Test {
 protected:
  std::shared_ptr<Session> session() {
    return std::make_shared<Session>(store_, ConnectOptions{.clock = clock_});
  }
  // A program that waits for the lock until it has it.
  std::future<void> wait(MongoLocker& locker) {
    return std::async(std::launch::async, [&] { locker.acquire(); });
  }
  std::int64_t told() const {
    const auto waiting = memory_->waiters("").waiting;
    return waiting.empty() ? 0 : waiting.begin()->second;
  }
  // Lets fake time pass in steps that wake everybody who waits for any of it.
  template <class Condition>
  bool in_time(Duration within, const Condition& condition) {
    const Instant until = clock_->now() + within;
    while (clock_->now() < until) {
      if (eventually(condition, milliseconds(3))) return true;
      clock_->advance(milliseconds(100));
    }
    return eventually(condition, milliseconds(50));
  }
  int writes() const { return store_->calls(Verb::report_waiters); }

  std::shared_ptr<FakeClock> clock_ = std::make_shared<FakeClock>();
  std::shared_ptr<LeaseStore> memory_ = make_memory_store(clock_);
  std::shared_ptr<FaultyStore> store_ = std::make_shared<FaultyStore>(memory_);
  std::shared_ptr<Session> session_ = session();
  MongoLocker holder_{session_, "nightly", {.ttl = seconds(40)}};
  MongoLocker first_{session_, "nightly", {.ttl = seconds(40)}};
};

TEST_F(Waiters, a_long_wait_is_told_and_its_end_too) {
  holder_.acquire();
  auto waiting = wait(first_);
  ASSERT_TRUE(in_time(seconds(3), [&] { return told() == 1; }));
  holder_.release();
  waiting.get();
  EXPECT_TRUE(eventually([&] { return told() == 0; }));
  EXPECT_EQ(writes(), 2);
}

TEST_F(Waiters, what_is_not_waited_for_or_not_for_long_is_never_told) {
  holder_.acquire();
  holder_.release();
  holder_.acquire();
  EXPECT_THROW(first_.acquire({.blocking = false}), LockExists);
  auto waiting = wait(first_);
  ASSERT_FALSE(in_time(milliseconds(1500), [&] { return writes() > 0; }));
  holder_.release();
  waiting.get();
  EXPECT_FALSE(in_time(seconds(60), [&] { return writes() > 0; }));
}

TEST_F(Waiters, a_process_writes_one_row_and_that_once_in_half_a_ttl) {
  holder_.acquire();
  MongoLocker second(session_, "nightly", {.ttl = seconds(40)});
  auto one = wait(first_);
  auto two = wait(second);
  ASSERT_TRUE(in_time(seconds(3), [&] { return told() == 2; })) << "two callers, one row";
  ASSERT_FALSE(in_time(seconds(18), [&] { return writes() > 1; }));
  ASSERT_TRUE(in_time(seconds(4), [&] { return writes() == 2; }));
  EXPECT_EQ(told(), 2);
  holder_.release();
  // Whoever is next in this process has waited as long, and that is known already.
  MongoLocker& winner = one.wait_for(seconds(20)) == std::future_status::ready ? first_ : second;
  EXPECT_EQ(writes(), 2);
  winner.release();
  one.get();
  two.get();
  EXPECT_TRUE(eventually([&] { return told() == 0; }));
  EXPECT_EQ(writes(), 3);
}

TEST_F(Waiters, who_waits_and_dies_is_forgotten_after_a_ttl) {
  ASSERT_EQ(memory_->report_waiters({.key = Key::lock("nightly"), .uuid = "gone", .waiting = 1,
                                     .ttl = seconds(40)})
                .outcome,
            Outcome::granted);
  EXPECT_EQ(told(), 1);
  clock_->advance(seconds(40));
  EXPECT_EQ(told(), 0);
}

TEST_F(Waiters, a_store_that_hangs_while_it_is_told_keeps_nobody_waiting) {
  store_->hang(Verb::report_waiters);
  holder_.acquire();
  auto waiting = wait(first_);
  ASSERT_TRUE(in_time(seconds(3), [&] { return store_->hanging() == 1; }));
  holder_.release();
  waiting.get();
  EXPECT_TRUE(first_.owned());
  store_->heal();
}

}  // namespace
}  // namespace mongoelector::test
