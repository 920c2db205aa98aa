// Hints of the store, brought to those who wait.
#include "session/waker.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <stdexcept>

#include "mongoelector/elector.h"
#include "session/fakes.h"
#include "support/eventually.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"

namespace mongoelector::test {
namespace {

using internal::Waiter;
using internal::Waker;
using std::chrono::seconds;

// The hints of one subscription, as the test sends them.
class Hints {
 public:
  void send(Watch::Hints hints) {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(hints));
    changed_.notify_all();
  }
  void fail() {
    const std::lock_guard lock(mutex_);
    failing_ = true;
    changed_.notify_all();
  }
  Watch::Hints next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return failing_ || !queue_.empty(); });
    if (failing_) throw std::runtime_error("the stream broke");
    Watch::Hints hints = std::move(queue_.front());
    queue_.pop_front();
    return hints;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Watch::Hints> queue_;
  bool failing_ = false;
};

class TestWatch : public Watch {
 public:
  explicit TestWatch(std::shared_ptr<test::Hints> hints) : hints_(std::move(hints)) {}
  Watch::Hints next() override { return hints_->next(); }
  void cancel() noexcept override { hints_->send({.ended = true}); }

 private:
  std::shared_ptr<test::Hints> hints_;
};

class HintingStore : public FaultyStore {
 public:
  HintingStore(std::shared_ptr<LeaseStore> inner, std::shared_ptr<test::Hints> hints)
      : FaultyStore(std::move(inner)), hints_(std::move(hints)) {}
  std::unique_ptr<Watch> watch() override { return std::make_unique<TestWatch>(hints_); }

 private:
  std::shared_ptr<test::Hints> hints_;
};

class WakerTest : public testing::Test {
 protected:
  ~WakerTest() override { EXPECT_TRUE(waker_.finish(seconds(1))); }

  std::shared_ptr<FakeClock> clock_ = std::make_shared<FakeClock>();
  std::shared_ptr<test::Hints> hints_ = std::make_shared<test::Hints>();
  std::shared_ptr<HintingStore> store_ =
      std::make_shared<HintingStore>(make_memory_store(clock_), hints_);
  Waker waker_{store_, clock_};
  const Key a_ = Key::election("a");
  const Key b_ = Key::election("b");
};

TEST_F(WakerTest, wakes_whom_a_hint_is_about) {
  const auto a = std::make_shared<FakeParticipant>();
  const auto b = std::make_shared<FakeParticipant>();
  waker_.add(a_, a);
  waker_.add(b_, b);
  waker_.start();
  EXPECT_TRUE(waker_.has_hints());
  hints_->send({.freed = {a_}});
  ASSERT_TRUE(eventually([&] { return a->freed_wakes == 1; }));
  EXPECT_EQ(b->freed_wakes + b->other_wakes, 0);
  hints_->send({.freed = {b_}, .anything = true});
  ASSERT_TRUE(eventually([&] { return a->other_wakes == 1 && b->freed_wakes == 1; }));
  EXPECT_EQ(a->freed_wakes, 1);
  EXPECT_EQ(b->other_wakes, 0);
}

TEST_F(WakerTest, does_not_wake_whoever_has_left) {
  const auto gone = std::make_shared<FakeParticipant>();
  const auto stays = std::make_shared<FakeParticipant>();
  waker_.add(a_, gone);
  waker_.add(a_, stays);
  waker_.add(a_, std::make_shared<FakeParticipant>());  // ended without a word
  waker_.remove(a_, gone.get());
  waker_.start();
  hints_->send({.freed = {a_}});
  ASSERT_TRUE(eventually([&] { return stays->freed_wakes == 1; }));
  EXPECT_EQ(gone->freed_wakes, 0);
}

TEST_F(WakerTest, the_end_of_the_hints_wakes_everybody_to_poll) {
  const auto who = std::make_shared<FakeParticipant>();
  waker_.add(a_, who);
  waker_.start();
  hints_->send({.ended = true});
  ASSERT_TRUE(eventually([&] { return who->other_wakes == 1; }));
  EXPECT_FALSE(waker_.has_hints());
}

TEST_F(WakerTest, a_subscription_that_throws_has_ended) {
  const auto who = std::make_shared<FakeParticipant>();
  waker_.add(a_, who);
  waker_.start();
  hints_->fail();
  ASSERT_TRUE(eventually([&] { return who->other_wakes == 1; }));
  EXPECT_FALSE(waker_.has_hints());
}

TEST_F(WakerTest, of_the_waiters_of_a_key_only_the_one_in_front_is_woken) {
  Waiter first;
  Waiter second;
  waker_.join(a_, first);
  waker_.join(a_, second);
  EXPECT_TRUE(first.front());
  EXPECT_FALSE(second.front());
  EXPECT_TRUE(first.wait(*clock_, clock_->now()));  // becoming the front is a wake-up
  EXPECT_FALSE(first.wait(*clock_, clock_->now()));
  waker_.freed_here(a_);
  waker_.freed_here(b_);
  EXPECT_TRUE(first.wait(*clock_, clock_->now()));
  EXPECT_FALSE(second.wait(*clock_, clock_->now()));
  waker_.leave(a_, first);
  EXPECT_TRUE(second.front());
  EXPECT_TRUE(second.wait(*clock_, Instant::max()));
  waker_.leave(a_, second);
  waker_.freed_here(a_);  // nobody is left
}

TEST_F(WakerTest, a_candidate_polls_again_when_the_hints_have_ended) {
  const auto session = std::make_shared<Session>(store_, ConnectOptions{.clock = clock_});
  const Key key = Key::election("billing");
  ASSERT_EQ(store_->claim({.key = key,
                           .holder = {.uuid = "other"},
                           .lease_id = LeaseId("other"),
                           .ttl = seconds(1000)})
                .outcome,
            Outcome::granted);
  MongoElector elector(session, "billing", {.ttl = seconds(100)});
  elector.start();
  // With hints it looks when the lease runs out or a ttl has passed, without them every ttl/5.
  ASSERT_TRUE(eventually([&] { return elector.pollwait() == seconds(100); }));
  hints_->send({.ended = true});
  EXPECT_TRUE(eventually([&] {
    return elector.pollwait() == seconds(20);
  }));
}

}  // namespace
}  // namespace mongoelector::test
