// What users of other locks ran into and no other test here owns; docs/pitfalls.md lists them all.
#include <gtest/gtest.h>

#include <future>
#include <thread>
#include <vector>

#include "mongoelector/elector.h"
#include "mongoelector/locker.h"
#include "mongoelector/memory_store.h"
#include "support/eventually.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"

namespace mongoelector::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Pitfall : public testing::Test {
 protected:
  std::shared_ptr<Session> session() {
    return std::make_shared<Session>(store_, ConnectOptions{.clock = clock_});
  }
  template <class Future>
  void pass_time_until(const Future& done, Duration tick) {
    while (done.wait_for(milliseconds(1)) != std::future_status::ready) clock_->advance(tick);
  }

  std::shared_ptr<FakeClock> clock_ = std::make_shared<FakeClock>();
  std::shared_ptr<LeaseStore> memory_ = make_memory_store(clock_);
  std::shared_ptr<FaultyStore> store_ = std::make_shared<FaultyStore>(memory_);
  std::shared_ptr<Session> session_ = session();
};

// L2
TEST_F(Pitfall, tokens_grow_over_a_thousand_leases_however_they_end) {
  MongoLocker lock(session_, "nightly", {.ttl = seconds(10), .auto_renew = false});
  MongoLocker thief(session(), "nightly", {.ttl = seconds(10), .auto_renew = false});
  Token latest;
  for (int i = 0; i < 1000; ++i) {
    const Token token = lock.acquire({.blocking = false});
    ASSERT_GT(token, latest);
    latest = token;
    switch (i % 4) {
      case 0: lock.release(); break;
      case 1:
        thief.release(true);
        ASSERT_FALSE(lock.touch());
        break;
      case 2: clock_->advance(seconds(10)); break;
      default:
        latest = thief.acquire({.blocking = false, .force = true});
        ASSERT_GT(latest, token);
        thief.release();
        clock_->advance(seconds(10));
    }
  }
}

// L7, L13
TEST_F(Pitfall, a_lease_won_after_a_long_wait_is_a_fresh_one) {
  MongoLocker holder(session_, "nightly", {.ttl = seconds(10)});
  MongoLocker waiter(session(), "nightly", {.ttl = seconds(10)});
  holder.acquire();
  auto waiting = std::async(std::launch::async, [&] { return waiter.acquire(); });
  ASSERT_TRUE(clock_->await_waiter(clock_->now() + seconds(6)));
  for (int i = 0; i < 30; ++i) {
    clock_->advance(seconds(1));
    ASSERT_TRUE(eventually([&] { return holder.remaining() > seconds(5); }));
  }
  holder.release();
  waiting.get();
  EXPECT_EQ(waiter.remaining(), seconds(8));  // ttl - margin, from when it was won
}

// L19, L11
TEST_F(Pitfall, after_a_loss_the_same_lock_is_acquired_anew_and_kept_alive_again) {
  MongoLocker lock(session_, "nightly", {.ttl = seconds(10)});
  const Token before = lock.acquire();
  store_->hang(Verb::renew);
  clock_->advance(seconds(2));
  ASSERT_TRUE(eventually([&] { return store_->hanging() == 1; }));
  clock_->advance(seconds(28));
  EXPECT_FALSE(lock.owned());
  store_->heal();
  ASSERT_TRUE(eventually([&] { return store_->hanging() == 0; }));
  EXPECT_FALSE(lock.owned());
  EXPECT_GT(lock.acquire({.blocking = false}), before);
  for (int i = 0; i < 30; ++i) {
    clock_->advance(seconds(1));
    ASSERT_TRUE(eventually([&] { return lock.remaining() > seconds(5); }));
  }
}

// L23
TEST_F(Pitfall, the_timeout_of_an_acquire_does_not_limit_its_lease) {
  MongoLocker lock(session_, "nightly", {.ttl = seconds(10)});
  lock.acquire({.timeout = milliseconds(100)});
  for (int i = 0; i < 30; ++i) {
    clock_->advance(seconds(1));
    ASSERT_TRUE(eventually([&] { return lock.remaining() > seconds(5); }));
  }
}

// L35
TEST_F(Pitfall, a_waiter_without_wake_ups_asks_once_a_step_and_no_more) {
  store_->send_hints(false);
  const auto polling = session();
  MongoLocker holder(session_, "nightly", {.ttl = seconds(1000)});
  MongoLocker waiter(polling, "nightly", {.ttl = seconds(1000)});
  holder.acquire();
  const auto asked = [&] { return store_->calls(Verb::read) + store_->calls(Verb::claim); };
  const int before = asked();
  auto waiting = std::async(std::launch::async, [&] {
    waiter.acquire({.timeout = seconds(20), .step = milliseconds(500)});
  });
  pass_time_until(waiting, milliseconds(20));
  EXPECT_THROW(waiting.get(), AcquireTimeout);
  // One try on arrival, a look after that, then one in each of 40 steps.
  EXPECT_LE(asked() - before, 42);
  EXPECT_GE(asked() - before, 10);
}

// L36
TEST_F(Pitfall, a_timeout_is_kept_whatever_the_step) {
  MongoLocker holder(session_, "nightly", {.ttl = seconds(1000)});
  holder.acquire();
  const auto others = session();
  constexpr Duration kTick = milliseconds(5);
  for (const Duration timeout : {milliseconds(0), milliseconds(1), milliseconds(249),
                                 milliseconds(250), milliseconds(251), milliseconds(1000)}) {
    MongoLocker waiter(others, "nightly", {.ttl = seconds(1000)});
    const Instant began = clock_->now();
    Instant ended = began;
    auto waiting = std::async(std::launch::async, [&] {
      try {
        waiter.acquire({.timeout = timeout});
        return true;
      } catch (const AcquireTimeout&) {
        ended = clock_->now();
        return false;
      }
    });
    pass_time_until(waiting, kTick);
    EXPECT_FALSE(waiting.get());
    EXPECT_GE(ended - began, timeout);
    // The test's own clock may run on while a thread wakes up.
    EXPECT_LE(ended - began, timeout + 20 * kTick) << timeout.count();
  }
}

// L28, E15
TEST_F(Pitfall, two_candidates_of_one_name_host_and_process_are_two) {
  const auto other = session();
  MongoElector one(session_, "billing", {.ttl = seconds(10), .label = "web-1"});
  MongoElector two(other, "billing", {.ttl = seconds(10), .label = "web-1"});
  EXPECT_NE(one.node_status().uuid, two.node_status().uuid);
  one.start();
  ASSERT_TRUE(eventually([&] { return one.ismaster(); }));
  two.start();
  two.poll();
  EXPECT_FALSE(two.ismaster());
  two.stop();
  EXPECT_TRUE(one.ismaster());
  EXPECT_TRUE(memory_->read(Key::election("billing")).record);
}

// E20
TEST_F(Pitfall, a_renewal_moves_the_expiry_at_the_store) {
  MongoElector elector(session_, "billing", {.ttl = seconds(10)});
  elector.start();
  ASSERT_TRUE(eventually([&] { return elector.ismaster(); }));
  const WallTime before = memory_->read(Key::election("billing")).record->expires_at;
  clock_->advance(seconds(2));
  EXPECT_TRUE(eventually([&] {
    return memory_->read(Key::election("billing")).record->expires_at == before + seconds(2);
  }));
}

// E23
TEST_F(Pitfall, a_candidate_contends_again_after_every_loss) {
  MongoElector elector(session_, "billing", {.ttl = seconds(10)});
  elector.start();
  Token latest;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(eventually([&] {
      clock_->advance(milliseconds(20));
      return elector.ismaster() && elector.term() && elector.term()->token() > latest;
    }));
    latest = elector.term()->token();
    ASSERT_EQ(memory_->break_lease(*memory_->read(Key::election("billing")).record).outcome,
              Outcome::granted);
    clock_->advance(seconds(2));
    ASSERT_TRUE(eventually([&] {
      const auto term = elector.term();
      return !term || term->token() > latest;
    }));
  }
}

}  // namespace
}  // namespace mongoelector::test
