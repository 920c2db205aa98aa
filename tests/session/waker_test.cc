// Hints of the store, brought to those who wait.
#include "session/waker.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

#include "mongoelector/elector.h"
#include "mongoelector/error.h"
#include "mongoelector/locker.h"
#include "session/fakes.h"
#include "support/eventually.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"

namespace mongoelector::test {
namespace {

using internal::Waiter;
using internal::Waker;
using internal::Woken;
using std::chrono::milliseconds;
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
  void follow(std::vector<Key> keys) {
    const std::lock_guard lock(mutex_);
    followed_ = std::move(keys);
  }
  std::vector<Key> followed() {
    const std::lock_guard lock(mutex_);
    return followed_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Watch::Hints> queue_;
  std::vector<Key> followed_;
  bool failing_ = false;
};

class TestWatch : public Watch {
 public:
  explicit TestWatch(std::shared_ptr<test::Hints> hints) : hints_(std::move(hints)) {}
  Watch::Hints next() override { return hints_->next(); }
  void cancel() noexcept override { hints_->send({.ended = true}); }
  void follow(std::vector<Key> keys) override { hints_->follow(std::move(keys)); }

 private:
  std::shared_ptr<test::Hints> hints_;
};

// Subscribes, refuses to or hangs as the test says; counts how often it was asked.
class HintingStore : public FaultyStore {
 public:
  HintingStore(std::shared_ptr<LeaseStore> inner, std::shared_ptr<test::Hints> hints)
      : FaultyStore(std::move(inner)), hints_(std::move(hints)) {}

  std::unique_ptr<Watch> watch() override {
    std::unique_lock lock(mutex_);
    ++asked_;
    changed_.wait(lock, [&] { return !hanging_; });
    if (!refusal_.empty()) throw StoreError(Outcome::denied, refusal_);
    return std::make_unique<TestWatch>(hints_);
  }
  void refuse_to_watch(const std::string& why) {
    const std::lock_guard lock(mutex_);
    refusal_ = why;
  }
  void hang(bool hanging) {
    const std::lock_guard lock(mutex_);
    hanging_ = hanging;
    changed_.notify_all();
  }
  int asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  const std::shared_ptr<test::Hints> hints_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string refusal_;
  bool hanging_ = false;
  int asked_ = 0;
};

class WakerTest : public testing::Test {
 protected:
  ~WakerTest() override {
    EXPECT_TRUE(waker_.finish(seconds(1)));
    store_->hang(false);  // a thread that was left behind keeps the store
  }

  void start() {
    waker_.add(Key::election("somebody who waits"), somebody_);
    waker_.start([this](const std::string& why) {
      const std::lock_guard lock(mutex_);
      complaints_.push_back(why);
    });
  }
  // Subscribed, and everybody has been told so.
  void subscribe() {
    const auto witness = std::make_shared<FakeParticipant>();
    waker_.add(b_, witness);
    start();
    ASSERT_TRUE(eventually([&] { return witness->other_wakes == 1; }));
    ASSERT_TRUE(waker_.has_hints());
    waker_.remove(b_, witness.get());
  }
  // The waker pauses; when `length` has passed it goes on.
  void pass(Duration length) {
    ASSERT_TRUE(clock_->await_waiter(clock_->now() + length));
    clock_->advance(length);
  }
  std::vector<std::string> complaints() {
    const std::lock_guard lock(mutex_);
    return complaints_;
  }

  std::shared_ptr<FakeClock> clock_ = std::make_shared<FakeClock>();
  std::shared_ptr<test::Hints> hints_ = std::make_shared<test::Hints>();
  std::shared_ptr<HintingStore> store_ =
      std::make_shared<HintingStore>(make_memory_store(clock_), hints_);
  std::mutex mutex_;
  std::vector<std::string> complaints_;
  std::shared_ptr<FakeParticipant> somebody_ = std::make_shared<FakeParticipant>();
  Waker waker_{store_, clock_};
  const Key a_ = Key::election("a");
  const Key b_ = Key::election("b");
};

TEST_F(WakerTest, wakes_whom_a_hint_is_about) {
  const auto a = std::make_shared<FakeParticipant>();
  const auto b = std::make_shared<FakeParticipant>();
  waker_.add(a_, a);
  waker_.add(b_, b);
  start();
  ASSERT_TRUE(eventually([&] { return a->other_wakes == 1 && b->other_wakes == 1; }));
  EXPECT_TRUE(waker_.has_hints());
  hints_->send({.freed = {a_}});
  ASSERT_TRUE(eventually([&] { return a->freed_wakes == 1; }));
  EXPECT_EQ(b->freed_wakes, 0);
  hints_->send({.freed = {b_}, .anything = true});
  ASSERT_TRUE(eventually([&] { return a->other_wakes == 2 && b->freed_wakes == 1; }));
  EXPECT_EQ(a->freed_wakes, 1);
  EXPECT_EQ(b->other_wakes, 1);
}

TEST_F(WakerTest, tells_of_renewals_to_whoever_follows_the_election) {
  using Keys = std::vector<Key>;
  const auto a = std::make_shared<FakeParticipant>();
  const auto also_a = std::make_shared<FakeParticipant>();
  waker_.add(a_, a);
  subscribe();  // has b come and go
  const Key other = Key::election("somebody who waits");
  EXPECT_EQ(hints_->followed(), (Keys{a_, other})) << "also those who came before";
  waker_.add(a_, also_a);
  EXPECT_EQ(hints_->followed(), (Keys{a_, other})) << "each once";
  hints_->send({.renewed = {{b_, seconds(1)}, {a_, seconds(7)}}});
  ASSERT_TRUE(eventually([&] { return a->renewals_seen == 1 && also_a->renewals_seen == 1; }));
  EXPECT_EQ(a->last_left.load(), seconds(7));
  EXPECT_EQ(somebody_->renewals_seen, 0);
  waker_.follow(a_, a.get(), false);
  EXPECT_EQ(hints_->followed(), (Keys{a_, other}));
  hints_->send({.renewed = {{a_, seconds(6)}}});
  ASSERT_TRUE(eventually([&] { return also_a->renewals_seen == 2; }));
  EXPECT_EQ(a->renewals_seen, 1);
  waker_.follow(a_, also_a.get(), false);
  EXPECT_EQ(hints_->followed(), Keys{other});
  waker_.follow(a_, a.get(), true);
  EXPECT_EQ(hints_->followed(), (Keys{a_, other}));
  waker_.remove(a_, a.get());
  EXPECT_EQ(hints_->followed(), Keys{other});
}

TEST_F(WakerTest, does_not_wake_whoever_has_left) {
  const auto gone = std::make_shared<FakeParticipant>();
  const auto stays = std::make_shared<FakeParticipant>();
  waker_.add(a_, gone);
  waker_.add(a_, stays);
  waker_.add(a_, std::make_shared<FakeParticipant>());  // ended without a word
  waker_.remove(a_, gone.get());
  start();
  hints_->send({.freed = {a_}});
  ASSERT_TRUE(eventually([&] { return stays->freed_wakes == 1; }));
  EXPECT_EQ(gone->freed_wakes, 0);
}

TEST_F(WakerTest, the_end_of_the_hints_wakes_everybody_to_poll) {
  subscribe();
  const auto who = std::make_shared<FakeParticipant>();
  waker_.add(a_, who);
  hints_->send({.ended = true});
  ASSERT_TRUE(eventually([&] { return who->other_wakes == 1; }));
  EXPECT_FALSE(waker_.has_hints());
}

TEST_F(WakerTest, a_subscription_that_throws_has_ended) {
  subscribe();
  const auto who = std::make_shared<FakeParticipant>();
  waker_.add(a_, who);
  hints_->fail();
  ASSERT_TRUE(eventually([&] { return who->other_wakes == 1; }));
  EXPECT_FALSE(waker_.has_hints());
}

TEST_F(WakerTest, subscribes_again_after_a_pause_and_then_everybody_looks) {
  subscribe();
  const auto who = std::make_shared<FakeParticipant>();
  waker_.add(a_, who);
  for (int ends = 1; ends <= 3; ++ends) {
    hints_->send({.ended = true});
    ASSERT_TRUE(eventually([&] { return who->other_wakes == 2 * ends - 1; }));
    EXPECT_FALSE(waker_.has_hints());
    EXPECT_EQ(store_->asked(), ends);
    pass(seconds(30));
    ASSERT_TRUE(eventually([&] { return who->other_wakes == 2 * ends; }));
    EXPECT_TRUE(waker_.has_hints());
  }
  hints_->send({.freed = {a_}});
  EXPECT_TRUE(eventually([&] { return who->freed_wakes == 1; }));
}

TEST_F(WakerTest, pauses_longer_while_there_are_no_hints_to_be_had_and_says_so_once) {
  store_->refuse_to_watch("no privilege");
  start();
  int asked = 1;
  for (const int length : {1, 2, 4, 8, 16, 30, 30}) {
    pass(seconds(length));
    ++asked;
    ASSERT_TRUE(eventually([&] { return store_->asked() == asked; })) << length;
    EXPECT_FALSE(waker_.has_hints());
  }
  EXPECT_EQ(complaints(), std::vector<std::string>{"no privilege"});
  store_->refuse_to_watch("");
  pass(seconds(30));
  ASSERT_TRUE(eventually([&] { return waker_.has_hints(); }));
  store_->refuse_to_watch("revoked");
  hints_->send({.ended = true});
  ASSERT_TRUE(eventually([&] { return !waker_.has_hints(); }));
  pass(seconds(30));
  EXPECT_TRUE(eventually([&] { return complaints().size() == 2; }));
}

TEST_F(WakerTest, a_pause_does_not_hold_up_the_end) {
  store_->refuse_to_watch("no privilege");
  start();
  ASSERT_TRUE(clock_->await_waiter(clock_->now() + seconds(1)));
  EXPECT_TRUE(waker_.finish(seconds(1)));
  EXPECT_EQ(store_->asked(), 1);
}

TEST_F(WakerTest, a_store_that_hangs_while_subscribing_holds_nobody_up) {
  store_->hang(true);
  start();
  ASSERT_TRUE(eventually([&] { return store_->asked() == 1; }));
  EXPECT_FALSE(waker_.has_hints());
  auto finished = std::async(std::launch::async, [&] { return waker_.finish(seconds(2)); });
  ASSERT_TRUE(clock_->await_waiter(clock_->now() + milliseconds(50)));
  clock_->advance(milliseconds(50));
  EXPECT_FALSE(finished.get()) << "left behind";
}

TEST_F(WakerTest, of_the_waiters_of_a_key_only_the_one_in_front_is_woken) {
  Waiter first;
  Waiter second;
  waker_.join(a_, first);
  waker_.join(a_, second);
  EXPECT_TRUE(first.front());
  EXPECT_FALSE(second.front());
  EXPECT_EQ(first.wait(*clock_, clock_->now()), Woken::look);  // becoming the front is a wake-up
  EXPECT_EQ(first.wait(*clock_, clock_->now()), Woken::no);
  waker_.freed_here(a_);
  waker_.freed_here(b_);
  first.wake(Woken::look);
  EXPECT_EQ(first.wait(*clock_, clock_->now()), Woken::freed) << "of both, what says more";
  EXPECT_EQ(second.wait(*clock_, clock_->now()), Woken::no);
  waker_.leave(a_, first);
  EXPECT_TRUE(second.front());
  EXPECT_EQ(second.wait(*clock_, Instant::max()), Woken::look);
  waker_.leave(a_, second);
  waker_.freed_here(a_);  // nobody is left
}

TEST_F(WakerTest, a_candidate_polls_more_often_while_there_are_no_hints) {
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
  ASSERT_TRUE(eventually([&] { return elector.pollwait() == seconds(20); }));
  pass(seconds(1));
  EXPECT_TRUE(eventually([&] { return elector.pollwait() == seconds(100); }));
}

TEST_F(WakerTest, a_candidate_looks_when_no_renewal_was_heard_of_for_as_long_as_the_lease_had) {
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
  ASSERT_TRUE(eventually([&] { return elector.pollwait() == seconds(100); }));
  EXPECT_EQ(hints_->followed(), std::vector<Key>{key});
  int reads = 0;
  for (int renewal = 0; renewal < 10; ++renewal) {
    clock_->advance(seconds(20));
    hints_->send({.renewed = {{key, seconds(90)}}});
    ASSERT_TRUE(eventually([&] { return elector.pollwait() >= seconds(90); }));
    if (renewal == 0) reads = store_->calls(Verb::read);  // those of the start are over
  }
  EXPECT_EQ(store_->calls(Verb::read), reads);
  clock_->advance(seconds(89));
  EXPECT_EQ(store_->calls(Verb::read), reads);
  clock_->advance(seconds(2));
  EXPECT_TRUE(eventually([&] { return store_->calls(Verb::read) == reads + 1; }));
}

TEST_F(WakerTest, a_master_does_not_follow_its_own_renewals) {
  const auto session = std::make_shared<Session>(store_, ConnectOptions{.clock = clock_});
  MongoElector elector(session, "billing", {.ttl = seconds(100)});
  elector.start();
  EXPECT_TRUE(eventually([&] { return elector.ismaster() && hints_->followed().empty(); }));
  elector.release();
  EXPECT_TRUE(eventually([&] { return hints_->followed().size() == 1; }));
}

TEST_F(WakerTest, a_session_starts_and_polls_while_the_store_hangs_subscribing) {
  store_->hang(true);
  const auto session = std::make_shared<Session>(store_, ConnectOptions{.clock = clock_});
  MongoElector elector(session, "billing", {.ttl = seconds(100)});
  elector.start();
  MongoLocker lock(session, "nightly");
  EXPECT_TRUE(lock.acquire().known());
  EXPECT_TRUE(eventually([&] { return elector.ismaster(); }));
  store_->hang(false);
}

}  // namespace
}  // namespace mongoelector::test
