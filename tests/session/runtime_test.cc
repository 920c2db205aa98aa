// The session as a whole: its threads, events, the check of clocks, and its end.
#include "session/runtime.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <future>
#include <mutex>
#include <optional>
#include <system_error>
#include <vector>

#include "mongoelector/elector.h"
#include "mongoelector/locker.h"
#include "mongoelector/memory_store.h"
#include "support/eventually.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"

namespace mongoelector::test {
namespace {

using internal::Runtime;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Its info() takes some time, like a real round trip.
class DistantStore : public FaultyStore {
 public:
  DistantStore(std::shared_ptr<LeaseStore> inner, std::shared_ptr<FakeClock> clock)
      : FaultyStore(std::move(inner)), clock_(std::move(clock)) {}
  StoreInfo info() override {
    StoreInfo info = FaultyStore::info();
    clock_->advance(round_trip);
    return info;
  }
  Duration round_trip{};

 private:
  std::shared_ptr<FakeClock> clock_;
};

class RuntimeTest : public testing::Test {
 protected:
  std::shared_ptr<Runtime> runtime() {
    ConnectOptions options{.clock = clock_};
    options.on_event = [this](const Event& event) {
      const std::lock_guard lock(mutex_);
      messages_.push_back(event.message);
    };
    return std::make_shared<Runtime>(store_, options);
  }
  std::vector<std::string> messages() {
    const std::lock_guard lock(mutex_);
    return messages_;
  }
  // Ends it while fake time passes; returns how long that took.
  Duration finish(Runtime& runtime) {
    const Instant start = clock_->now();
    auto done = std::async(std::launch::async, [&] { runtime.finish(); });
    while (done.wait_for(milliseconds(2)) != std::future_status::ready)
      clock_->advance(milliseconds(50));
    return clock_->now() - start;
  }

  std::shared_ptr<FakeClock> clock_ = std::make_shared<FakeClock>();
  std::shared_ptr<DistantStore> store_ =
      std::make_shared<DistantStore>(make_memory_store(clock_), clock_);
  std::mutex mutex_;
  std::vector<std::string> messages_;
};

TEST_F(RuntimeTest, runs_the_same_threads_for_one_candidate_and_for_many) {
  const auto session = std::make_shared<Session>(store_, ConnectOptions{.clock = clock_});
  EXPECT_EQ(session->threads(), 0);
  std::vector<std::unique_ptr<MongoElector>> electors;
  for (int i = 0; i < 200; ++i) {
    electors.push_back(std::make_unique<MongoElector>(session, "election " + std::to_string(i)));
    electors.back()->start();
    EXPECT_EQ(session->threads(), 6);
  }
  EXPECT_TRUE(eventually([&] { return electors.back()->ismaster(); }));
  EXPECT_EQ(session->threads(), 6);
}

TEST_F(RuntimeTest, runs_two_threads_for_locks_that_nobody_waits_for) {
  const auto session = std::make_shared<Session>(store_, ConnectOptions{.clock = clock_});
  MongoLocker lock(session, "nightly");
  lock.acquire();
  EXPECT_EQ(session->threads(), 2);
  MongoLocker reporting(session, "weekly", {.on_lost = [](Token) {}});
  reporting.acquire();
  EXPECT_EQ(session->threads(), 3);
  MongoLocker waiter(session, "nightly");
  EXPECT_THROW(waiter.acquire({.timeout = Duration::zero()}), AcquireTimeout);
  EXPECT_EQ(session->threads(), 4);
  MongoElector elector(session, "billing");
  elector.start();
  EXPECT_EQ(session->threads(), 6);
}

// The release of a lock may need a thread that does not run yet.
TEST_F(RuntimeTest, an_errand_brings_its_own_thread) {
  const auto session = std::make_shared<Session>(store_, ConnectOptions{.clock = clock_});
  MongoLocker lock(session, "nightly", {.ttl = seconds(100)});
  lock.acquire();
  store_->refuse(Verb::release, Outcome::unreachable);
  EXPECT_FALSE(lock.release());
  store_->heal();
  EXPECT_TRUE(eventually([&] {
    clock_->advance(seconds(1));
    return !store_->read(Key::lock("nightly")).record;
  }));
}

// One that wants upkeep.
class KeptStore : public FaultyStore {
 public:
  using FaultyStore::FaultyStore;
  bool needs_maintenance() const override { return true; }
  std::vector<std::string> maintain(const std::stop_token& stop) override {
    const std::stop_callback on_stop(stop, [this] { stopped = true; });
    ++times;
    end_.wait();
    return {"an index is missing"};
  }
  void answer() { answered_.set_value(); }

  std::atomic<int> times = 0;
  std::atomic<bool> stopped = false;

 private:
  std::promise<void> answered_;
  std::shared_future<void> end_ = answered_.get_future().share();
};

TEST_F(RuntimeTest, upkeep_is_for_those_who_have_held_a_lease_once_and_aside) {
  const auto kept = std::make_shared<KeptStore>(make_memory_store(clock_));
  auto session = std::make_shared<Session>(
      kept, ConnectOptions{.on_event =
                               [this](const Event& event) {
                                 const std::lock_guard lock(mutex_);
                                 messages_.push_back(event.message);
                               },
                           .clock = clock_});
  auto lock = std::make_optional<MongoLocker>(session, "nightly");
  EXPECT_FALSE(lock->locked());
  lock->acquire();
  EXPECT_EQ(session->threads(), 3) << "the caller waits to get to work";
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(lock->touch());
  EXPECT_TRUE(lock->release());
  EXPECT_TRUE(eventually([&] { return kept->times == 1; }));
  kept->answer();
  EXPECT_TRUE(eventually([&] {
    const auto told = messages();
    return std::count(told.begin(), told.end(), "an index is missing") == 1;
  }));
  lock.reset();
  session.reset();
  EXPECT_EQ(kept->times, 1);
}

TEST_F(RuntimeTest, an_end_cuts_upkeep_short) {
  const auto kept = std::make_shared<KeptStore>(make_memory_store(clock_));
  const auto kept_up = std::make_shared<Runtime>(kept, ConnectOptions{.clock = clock_});
  kept_up->start(seconds(5), internal::Crew::none);
  kept_up->leased();
  EXPECT_TRUE(eventually([&] { return kept->times == 1; }));
  EXPECT_FALSE(kept->stopped);
  finish(*kept_up);  // one call is waited for
  EXPECT_TRUE(kept->stopped);
  kept->answer();
}

TEST_F(RuntimeTest, without_hints_there_is_no_thread_for_them) {
  store_->send_hints(false);
  const auto session = std::make_shared<Session>(store_, ConnectOptions{.clock = clock_});
  MongoElector elector(session, "billing");
  elector.start();
  EXPECT_TRUE(eventually([&] { return session->threads() == 5; }));
}

TEST_F(RuntimeTest, a_start_without_threads_to_be_had_can_be_repeated) {
  const auto tried = runtime();
  pthread_attr_t usual;
  ASSERT_EQ(pthread_getattr_default_np(&usual), 0);
  pthread_attr_t impossible = usual;
  ASSERT_EQ(pthread_attr_setstacksize(&impossible, std::size_t{1} << 46), 0);
  ASSERT_EQ(pthread_setattr_default_np(&impossible), 0);
  EXPECT_THROW(tried->start(seconds(1), internal::Crew::candidate), std::system_error);
  ASSERT_EQ(pthread_setattr_default_np(&usual), 0);
  tried->start(seconds(1), internal::Crew::candidate);
  EXPECT_EQ(tried->threads(), 6);
  tried->finish();
  EXPECT_EQ(tried->threads(), 0);
}

TEST_F(RuntimeTest, counts_the_events_that_a_slow_sink_missed) {
  std::promise<void> go;
  const auto slow = runtime();
  slow->start(seconds(1), internal::Crew::candidate);
  slow->call([future = std::make_shared<std::future<void>>(go.get_future())] { future->wait(); });
  for (std::size_t i = 0; i < kMaxQueuedEvents + 10; ++i)
    slow->emit({.kind = EventKind::store_warning, .message = std::to_string(i)});
  go.set_value();
  slow->finish();
  const auto told = messages();
  ASSERT_EQ(told.size(), kMaxQueuedEvents + 1);
  for (std::size_t i = 0; i < kMaxQueuedEvents; ++i) EXPECT_EQ(told[i], std::to_string(i));
  EXPECT_EQ(told.back().substr(0, 9), "10 events");
}

TEST_F(RuntimeTest, the_round_trip_is_no_offset) {
  const auto asked = runtime();
  store_->round_trip = seconds(2);
  // Read on the way, a second after the question: all of it may be the way.
  store_->show_time(clock_->wall() + seconds(1));
  EXPECT_EQ(asked->time_offset(milliseconds(500)), std::nullopt);
  clock_->advance(minutes(11));
  store_->show_time(clock_->wall() + milliseconds(2400));
  EXPECT_EQ(asked->time_offset(milliseconds(500)), std::nullopt);
  clock_->advance(minutes(11));
  store_->show_time(clock_->wall() + milliseconds(2600));
  EXPECT_EQ(asked->time_offset(milliseconds(500)), milliseconds(1600));
  store_->show_time(clock_->wall() - milliseconds(600));
  EXPECT_EQ(asked->time_offset(milliseconds(500)), milliseconds(-1600));
}

TEST_F(RuntimeTest, clocks_are_compared_every_ten_minutes_while_they_agree) {
  const auto asked = runtime();
  store_->show_time(clock_->wall());
  EXPECT_FALSE(asked->time_offset(milliseconds(500)));
  EXPECT_FALSE(asked->time_offset(milliseconds(500)));
  EXPECT_EQ(store_->calls(Verb::info), 1);
  clock_->advance(minutes(10));
  EXPECT_TRUE(asked->time_offset(milliseconds(500)));
  EXPECT_TRUE(asked->time_offset(milliseconds(500)));
  EXPECT_EQ(store_->calls(Verb::info), 3);
}

TEST_F(RuntimeTest, its_end_is_bounded_while_the_store_hangs) {
  const auto hanging = runtime();
  hanging->start(seconds(1), internal::Crew::candidate);
  store_->hang(Verb::read);
  hanging->errand([hanging] { hanging->store().read(Key::lock("nightly")); });
  ASSERT_TRUE(eventually([&] { return store_->hanging() == 1; }));
  EXPECT_LE(finish(*hanging), seconds(3) + milliseconds(100));
  store_->heal();
  EXPECT_TRUE(eventually([&] { return hanging.use_count() == 1; }));
}

TEST_F(RuntimeTest, queued_errands_are_done_before_it_ends) {
  const auto busy = runtime();
  std::atomic<int> done{0};
  busy->start(seconds(1), internal::Crew::candidate);
  for (int i = 0; i < 100; ++i) busy->errand([&] { ++done; });
  busy->finish();
  EXPECT_EQ(done, 100);
}

}  // namespace
}  // namespace mongoelector::test
