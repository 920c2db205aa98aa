// Callers of a store that does not answer: back in time, and whatever they did not wait for is
// taken in all the same.
#include <gtest/gtest.h>

#include <future>

#include "mongoelector/error.h"
#include "mongoelector/locker.h"
#include "mongoelector/memory_store.h"
#include "session/runtime.h"
#include "support/eventually.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"

namespace mongoelector::test {
namespace {

using namespace std::chrono_literals;

class AskTest : public testing::Test {
 protected:
  // The session learns that its store does not answer.
  void break_store() {
    store_->refuse(Verb::read, Outcome::unreachable);
    session_->store().read(Key::lock("other"));
    store_->heal(Verb::read);
  }
  bool stands() const { return memory_->read(Key::lock("nightly")).record.has_value(); }

  const std::shared_ptr<FakeClock> clock_ = std::make_shared<FakeClock>();
  const std::shared_ptr<LeaseStore> memory_ = make_memory_store(clock_);
  const std::shared_ptr<FaultyStore> store_ = std::make_shared<FaultyStore>(memory_);
  const std::shared_ptr<Session> session_ =
      std::make_shared<Session>(store_, ConnectOptions{.clock = clock_});
};

TEST_F(AskTest, a_healthy_store_is_called_on_the_callers_own_thread) {
  const auto caller = std::this_thread::get_id();
  EXPECT_EQ(session_->runtime()->ask(clock_->now() + 1s,
                                     [] { return std::optional(std::this_thread::get_id()); }),
            caller);
  break_store();
  EXPECT_NE(session_->runtime()->ask(clock_->now() + 1s,
                                     [] { return std::optional(std::this_thread::get_id()); }),
            caller);
}

TEST_F(AskTest, a_release_that_hangs_is_left_behind_and_still_done) {
  MongoLocker lock(session_, "nightly", {.ttl = 100s, .timeparanoid = false});
  lock.acquire();
  break_store();
  store_->hang(Verb::release);
  auto releasing = std::async(std::launch::async, [&] { return lock.release(); });
  ASSERT_TRUE(eventually([&] { return store_->hanging() == 1; }));
  EXPECT_FALSE(lock.owned());
  clock_->advance(5s);
  EXPECT_FALSE(releasing.get());
  EXPECT_TRUE(stands());
  store_->heal();
  EXPECT_TRUE(eventually([&] { return !stands(); }));
}

TEST_F(AskTest, a_claim_that_hangs_is_given_back_when_it_comes_through) {
  MongoLocker lock(session_, "nightly", {.ttl = 100s, .timeparanoid = false});
  break_store();
  store_->hang(Verb::claim);
  auto acquiring =
      std::async(std::launch::async, [&] { return lock.acquire({.blocking = false}); });
  ASSERT_TRUE(eventually([&] { return store_->hanging() == 1; }));
  clock_->advance(5s);
  try {
    acquiring.get();
    FAIL() << "there was no answer";
  } catch (const StoreError& error) {
    EXPECT_EQ(error.outcome(), Outcome::unknown);
  }
  EXPECT_FALSE(lock.owned());
  store_->heal();
  EXPECT_TRUE(eventually([&] { return store_->calls(Verb::release) > 0 && !stands(); }));
  EXPECT_TRUE(eventually([&] { return lock.try_lock(); }));
}

TEST_F(AskTest, what_waits_behind_a_hanging_call_is_not_sent_when_its_caller_has_left) {
  MongoLocker first(session_, "nightly", {.ttl = 100s, .timeparanoid = false});
  MongoLocker second(session_, "weekly", {.ttl = 100s, .timeparanoid = false});
  break_store();
  store_->hang(Verb::read);
  auto reading = std::async(std::launch::async, [&] { return first.locked(); });
  ASSERT_TRUE(eventually([&] { return store_->hanging() == 1; }));
  auto acquiring =
      std::async(std::launch::async, [&] { return second.acquire({.blocking = false}); });
  EXPECT_TRUE(eventually([&] {
    clock_->advance(1s);
    return acquiring.wait_for(0s) == std::future_status::ready;
  }));
  EXPECT_THROW(acquiring.get(), StoreError);
  store_->heal();
  EXPECT_THROW(reading.get(), StoreError);
  EXPECT_TRUE(second.try_lock());
  EXPECT_EQ(store_->calls(Verb::claim), 1);
}

}  // namespace
}  // namespace mongoelector::test
