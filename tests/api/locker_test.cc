// What MongoLocker promises, on the memory store with a clock that only the test moves.
#include "mongoelector/locker.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "mongoelector/memory_store.h"
#include "support/eventually.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"

namespace mongoelector::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Locker : public testing::Test {
 protected:
  std::shared_ptr<Session> session() {
    return std::make_shared<Session>(store_,
                                     ConnectOptions{.on_event =
                                                        [this](const Event& event) {
                                                          const std::lock_guard lock(mutex_);
                                                          events_.push_back(event);
                                                        },
                                                    .clock = clock_});
  }
  bool happened(EventKind kind) {
    const std::lock_guard lock(mutex_);
    for (const Event& event : events_) {
      if (event.kind == kind) return true;
    }
    return false;
  }

  std::mutex mutex_;
  std::vector<Event> events_;
  std::shared_ptr<FakeClock> clock_ = std::make_shared<FakeClock>();
  std::shared_ptr<LeaseStore> memory_ = make_memory_store(clock_);
  std::shared_ptr<FaultyStore> store_ = std::make_shared<FaultyStore>(memory_);
  std::shared_ptr<Session> session_ = session();
};

TEST_F(Locker, acquires_with_growing_tokens_and_gives_back) {
  MongoLocker lock(session_, "nightly", {.ttl = seconds(100)});
  EXPECT_FALSE(lock.owned());
  EXPECT_FALSE(lock.token().known());
  const Token first = lock.acquire();
  EXPECT_TRUE(lock.owned());
  EXPECT_TRUE(lock.locked());
  EXPECT_EQ(lock.token(), first);
  EXPECT_EQ(lock.remaining(), seconds(80));  // ttl - margin
  EXPECT_EQ(lock.status().lock_owned, true);
  EXPECT_EQ(*lock.status().lock_expires - lock.status().timestamp, seconds(100));
  EXPECT_EQ(lock.get_current()->holder.pid, getpid());
  EXPECT_TRUE(lock.release());
  EXPECT_FALSE(lock.owned());
  EXPECT_FALSE(lock.locked());
  EXPECT_FALSE(lock.release());
  EXPECT_GT(lock.acquire(), first);
}

TEST_F(Locker, refuses_a_second_holder_and_says_who_holds_it) {
  MongoLocker holder(session_, "nightly", {.ttl = seconds(100), .label = "batch-1"});
  MongoLocker other(session(), "nightly");
  holder.acquire();
  try {
    other.acquire({.blocking = false});
    FAIL() << "acquired twice";
  } catch (const LockExists& held) {
    EXPECT_EQ(held.record().holder.label, "batch-1");
    EXPECT_EQ(held.record().remaining, seconds(100));
    const std::string message = held.what();
    EXPECT_NE(message.find("lock \"nightly\""), std::string::npos) << message;
    EXPECT_NE(message.find("batch-1"), std::string::npos) << message;
    EXPECT_NE(message.find("1m40s"), std::string::npos) << message;
  }
  EXPECT_FALSE(other.try_lock());
}

TEST_F(Locker, timeout_zero_is_one_attempt) {
  MongoLocker holder(session_, "nightly");
  MongoLocker other(session(), "nightly");
  holder.acquire();
  const int before = store_->calls(Verb::claim);
  EXPECT_THROW(other.acquire({.timeout = Duration::zero()}), AcquireTimeout);
  EXPECT_EQ(store_->calls(Verb::claim), before + 1);
}

TEST_F(Locker, gives_up_when_its_time_is_over) {
  MongoLocker holder(session_, "nightly");
  MongoLocker other(session(), "nightly");
  holder.acquire();
  auto waiting = std::async(std::launch::async, [&] { other.acquire({.timeout = seconds(3)}); });
  while (waiting.wait_for(milliseconds(1)) != std::future_status::ready)
    clock_->advance(milliseconds(20));
  EXPECT_THROW(waiting.get(), AcquireTimeout);
  EXPECT_FALSE(other.owned());
}

TEST_F(Locker, tells_after_its_time_whether_the_key_was_held_or_the_store_away) {
  MongoLocker holder(session_, "nightly");
  MongoLocker other(session(), "nightly");
  holder.acquire();
  try {
    other.acquire({.timeout = Duration::zero()});
    FAIL();
  } catch (const AcquireTimeout& late) {
    EXPECT_EQ(late.outcome(), Outcome::held);
    EXPECT_EQ(late.record().value().holder.uuid, holder.status().uuid);
  }
  store_->refuse(Verb::claim, Outcome::unreachable);
  try {
    other.acquire({.timeout = Duration::zero()});
    FAIL();
  } catch (const AcquireTimeout& late) {
    EXPECT_EQ(late.outcome(), Outcome::unreachable);
    EXPECT_FALSE(late.record());
  }
}

TEST_F(Locker, refuses_what_cannot_work) {
  MongoLocker lock(session_, "nightly");
  EXPECT_THROW(lock.acquire({.blocking = false, .timeout = seconds(1)}), ArgumentError);
  EXPECT_THROW(lock.acquire({.timeout = seconds(-1)}), ArgumentError);
  EXPECT_THROW(lock.acquire({.step = Duration::zero()}), ArgumentError);
  EXPECT_THROW(MongoLocker(session_, ""), ArgumentError);
  EXPECT_THROW(MongoLocker(session_, std::string_view("a\0b", 3)), ArgumentError);
  EXPECT_THROW(MongoLocker(nullptr, "a"), ArgumentError);
  EXPECT_THROW(MongoLocker(session_, "a", {.ttl = milliseconds(99)}), ArgumentError);
  EXPECT_THROW(MongoLocker(session_, "a", {.max_offset = Duration::zero()}), ArgumentError);
  EXPECT_THROW(MongoLocker(session_, "a", {.label = std::string(257, 'x')}), ArgumentError);
  EXPECT_THROW(MongoLocker(session_, "a", {.timing = {.margin = seconds(700)}}), ArgumentError);
  EXPECT_EQ(store_->calls(Verb::claim), 0);
}

TEST_F(Locker, is_not_reentrant_and_says_so) {
  MongoLocker lock(session_, "nightly");
  lock.acquire();
  EXPECT_THROW(lock.acquire(), AlreadyHeld);
  EXPECT_TRUE(lock.owned());
}

TEST_F(Locker, a_waiter_is_woken_by_the_release) {
  MongoLocker holder(session_, "nightly");
  MongoLocker waiter(session(), "nightly");
  holder.acquire();
  auto waiting = std::async(std::launch::async, [&] { return waiter.acquire(); });
  ASSERT_TRUE(clock_->await_waiter(clock_->now() + seconds(6)));
  const Token first = holder.token();
  holder.release();
  EXPECT_GT(waiting.get(), first);  // and no time has passed
  EXPECT_TRUE(waiter.owned());
}

TEST_F(Locker, whoever_hears_of_a_release_claims_at_once_but_in_a_crowd_looks_first) {
  store_->send_hints(false);  // but for those of this process
  const auto reads = [&] { return store_->calls(Verb::read); };
  const auto claims = [&] { return store_->calls(Verb::claim); };
  MongoLocker waiter(session_, "nightly");
  std::future<Token> waiting;
  MongoLocker holder(session_, "nightly");
  holder.acquire();
  waiting = std::async(std::launch::async, [&] { return waiter.acquire(); });
  ASSERT_TRUE(eventually([&] { return claims() == 2 && reads() == 1; })) << "a try and a look";
  store_->refuse(Verb::claim, Outcome::held);  // as if somebody else had been faster
  holder.release();
  ASSERT_TRUE(eventually([&] { return claims() == 3; }));
  EXPECT_EQ(reads(), 1);
  store_->heal(Verb::claim);
  holder.acquire();
  holder.release();
  EXPECT_TRUE(waiting.get().known());
  EXPECT_EQ(claims(), 5);
  EXPECT_EQ(reads(), 2) << "who was beaten once looks first";
}

TEST_F(Locker, a_waiter_takes_over_when_the_lease_has_run_out) {
  const std::shared_ptr<Session> doomed = session();
  MongoLocker holder(doomed, "nightly", {.ttl = seconds(10), .auto_renew = false});
  MongoLocker waiter(session(), "nightly");
  holder.acquire();
  auto waiting = std::async(std::launch::async, [&] { return waiter.acquire(); });
  while (waiting.wait_for(milliseconds(1)) != std::future_status::ready) {
    EXPECT_FALSE(waiter.owned() && holder.owned());
    clock_->advance(milliseconds(20));
  }
  EXPECT_FALSE(holder.owned());
}

TEST_F(Locker, is_kept_alive_for_as_long_as_it_is_held) {
  MongoLocker lock(session_, "nightly", {.ttl = seconds(10)});
  lock.acquire();
  const Instant until = clock_->now() + seconds(100);
  while (clock_->now() < until) {
    ASSERT_TRUE(eventually([&] { return lock.remaining() > seconds(5); }));
    clock_->advance(seconds(1));
  }
  EXPECT_TRUE(lock.owned());
}

TEST_F(Locker, without_renewal_it_ends_before_the_store_lets_others_in) {
  std::atomic<int> lost{0};
  MongoLocker lock(session_, "nightly",
                   {.ttl = seconds(10), .auto_renew = false, .on_lost = [&](Token) { ++lost; }});
  lock.acquire();
  clock_->advance(seconds(5));
  EXPECT_TRUE(lock.touch());
  clock_->advance(milliseconds(7999));
  EXPECT_TRUE(lock.owned());
  const std::stop_token ended = lock.stop_token();
  clock_->advance(milliseconds(1));
  EXPECT_FALSE(lock.owned());
  EXPECT_FALSE(lock.touch());
  EXPECT_TRUE(memory_->read(Key::lock("nightly")).record->remaining > Duration::zero());
  EXPECT_TRUE(eventually([&] { return lost == 1 && ended.stop_requested(); }));
}

TEST_F(Locker, notices_that_somebody_took_it_by_force) {
  std::atomic<int> lost{0};
  MongoLocker victim(session_, "nightly", {.ttl = seconds(10), .on_lost = [&](Token) { ++lost; }});
  MongoLocker thief(session(), "nightly", {.ttl = seconds(10)});
  const Token before = victim.acquire();
  const std::stop_token ended = victim.stop_token();
  EXPECT_GT(thief.acquire({.blocking = false, .force = true}), before);
  clock_->advance(seconds(2));
  EXPECT_TRUE(eventually([&] { return lost == 1 && ended.stop_requested(); }));
  EXPECT_FALSE(victim.owned());
  EXPECT_FALSE(victim.release());
  EXPECT_TRUE(thief.owned());
  EXPECT_TRUE(thief.touch());
}

TEST_F(Locker, force_release_removes_whoever_holds_it) {
  MongoLocker holder(session_, "nightly");
  MongoLocker other(session(), "nightly");
  holder.acquire();
  EXPECT_FALSE(other.release());
  EXPECT_TRUE(other.locked());
  EXPECT_FALSE(other.release(true));
  EXPECT_FALSE(other.locked());
  other.acquire({.blocking = false});
}

TEST_F(Locker, is_lost_in_time_while_every_call_hangs) {
  std::atomic<int> lost{0};
  MongoLocker lock(session_, "nightly", {.ttl = seconds(10), .on_lost = [&](Token) { ++lost; }});
  lock.acquire();
  const Instant expires = clock_->now() + seconds(10);
  store_->hang_all();
  clock_->advance(seconds(2));
  ASSERT_TRUE(eventually([&] { return store_->hanging() == 1; }));
  clock_->advance(seconds(6));
  EXPECT_FALSE(lock.owned());
  EXPECT_TRUE(eventually([&] { return lost == 1; }));
  EXPECT_LT(clock_->now(), expires);
  // The reply that comes at last revives nothing.
  store_->heal();
  ASSERT_TRUE(eventually([&] { return store_->hanging() == 0; }));
  clock_->advance(milliseconds(1));
  EXPECT_FALSE(lock.owned());
  EXPECT_EQ(lost, 1);
}

TEST_F(Locker, a_grant_after_its_own_deadline_is_no_grant) {
  MongoLocker lock(session_, "nightly", {.ttl = seconds(10), .timeparanoid = false});
  store_->hang(Verb::claim);
  auto acquiring = std::async(std::launch::async, [&] { lock.acquire({.blocking = false}); });
  ASSERT_TRUE(eventually([&] { return store_->hanging() == 1; }));
  clock_->advance(seconds(8));
  store_->heal();
  EXPECT_THROW(acquiring.get(), StoreError);
  EXPECT_FALSE(lock.owned());
  // Given back behind the caller's back.
  EXPECT_TRUE(eventually([&] { return !memory_->read(Key::lock("nightly")).record; }));
}

TEST_F(Locker, a_lost_answer_is_never_acquired_and_leaves_nothing_behind) {
  MongoLocker lock(session_, "nightly");
  store_->lose_replies(Verb::claim);
  try {
    lock.acquire({.blocking = false});
    FAIL() << "an ambiguous answer was taken for a lock";
  } catch (const StoreError& error) {
    EXPECT_EQ(error.outcome(), Outcome::unknown);
  }
  EXPECT_FALSE(lock.owned());
  EXPECT_FALSE(memory_->read(Key::lock("nightly")).record);
}

TEST_F(Locker, a_release_without_an_answer_is_tried_again) {
  MongoLocker lock(session_, "nightly", {.ttl = seconds(100)});
  lock.acquire();
  store_->refuse(Verb::release, Outcome::unreachable);
  EXPECT_FALSE(lock.release());
  EXPECT_FALSE(lock.owned());
  EXPECT_TRUE(memory_->read(Key::lock("nightly")).record);
  store_->heal();
  clock_->advance(seconds(5));
  EXPECT_TRUE(eventually([&] { return !memory_->read(Key::lock("nightly")).record; }));
  EXPECT_TRUE(eventually([&] { return happened(EventKind::release_failed); }));
}

TEST_F(Locker, waiting_with_a_lost_answer_repeats_the_same_lease) {
  MongoLocker lock(session_, "nightly");
  store_->lose_replies(Verb::claim);
  auto acquiring = std::async(std::launch::async, [&] { return lock.acquire(); });
  ASSERT_TRUE(eventually([&] { return store_->calls(Verb::claim) >= 2; }));
  const LeaseId id = memory_->read(Key::lock("nightly")).record->lease_id;
  store_->heal();
  while (acquiring.wait_for(milliseconds(1)) != std::future_status::ready)
    clock_->advance(milliseconds(20));
  EXPECT_TRUE(lock.owned());
  EXPECT_EQ(memory_->read(Key::lock("nightly")).record->lease_id, id);
}

TEST_F(Locker, waiting_can_be_cancelled) {
  MongoLocker holder(session_, "nightly");
  MongoLocker waiter(session(), "nightly");
  holder.acquire();
  std::stop_source cancel;
  auto waiting =
      std::async(std::launch::async, [&] { waiter.acquire({.cancel = cancel.get_token()}); });
  ASSERT_TRUE(clock_->await_waiter(clock_->now() + seconds(6)));
  cancel.request_stop();
  EXPECT_THROW(waiting.get(), AcquireCancelled);
  holder.release();
  EXPECT_FALSE(waiter.locked());
}

TEST_F(Locker, works_with_the_standard_guards) {
  MongoLocker a(session_, "a");
  MongoLocker b(session_, "b");
  {
    const std::scoped_lock both(a, b);
    EXPECT_TRUE(a.owned() && b.owned());
  }
  EXPECT_FALSE(a.owned() || b.owned());
  MongoLocker same(session_, "a");
  const std::unique_lock first(a, seconds(5));
  EXPECT_TRUE(first);
  const std::unique_lock second(same, std::try_to_lock);
  EXPECT_FALSE(second);
}

TEST_F(Locker, refuses_to_acquire_with_a_clock_that_is_off) {
  MongoLocker lock(session_, "nightly");
  store_->show_time(clock_->wall() + seconds(2));
  try {
    lock.acquire();
    FAIL() << "acquired with a clock that is off";
  } catch (const TimeOffsetError& error) {
    EXPECT_EQ(error.offset(), seconds(2));
  }
  EXPECT_EQ(store_->calls(Verb::claim), 0);
  MongoLocker careless(session_, "nightly", {.timeparanoid = false});
  careless.acquire();
}

// One that has seen its time while it was opened, as a server shows it.
class Greeted : public FaultyStore {
 public:
  Greeted(std::shared_ptr<LeaseStore> inner, StoreOpening opening)
      : FaultyStore(std::move(inner)), opening_(std::move(opening)) {}
  StoreOpening opening() const override { return opening_; }

 private:
  const StoreOpening opening_;
};

TEST_F(Locker, asks_for_the_time_only_if_the_opening_of_the_store_left_a_doubt) {
  struct Case {
    milliseconds took;
    milliseconds off;
    seconds ago;
    int asked;
  };
  using ms = milliseconds;
  for (const auto& [took, off, ago, asked] :
       {Case{ms(100), ms(0), seconds(0), 0}, Case{ms(100), ms(400), seconds(0), 0},
        Case{ms(100), ms(-460), seconds(0), 1}, Case{seconds(2), ms(0), seconds(0), 1},
        Case{ms(100), ms(0), seconds(500), 0}, Case{ms(100), ms(0), seconds(600), 1},
        Case{ms(100), ms(0), seconds(-1), 1}}) {
    const WallTime now = clock_->wall();
    const WallTime opened = now - ago;
    const auto store = std::make_shared<Greeted>(
        memory_, StoreOpening{.time = {{.before = opened - took,
                                        .store = opened - took / 2 + off,
                                        .after = opened}},
                              .warnings = {"only half a store"}});
    store->show_time(now);
    std::atomic<int> warned{0};
    const auto session = std::make_shared<Session>(
        store, ConnectOptions{.on_event =
                                  [&](const Event& event) {
                                    if (event.message == "only half a store") ++warned;
                                  },
                              .clock = clock_});
    MongoLocker lock(session, "nightly");
    lock.acquire();
    EXPECT_EQ(store->calls(Verb::info), asked)
        << took.count() << " " << off.count() << " " << ago.count();
    EXPECT_TRUE(eventually([&] { return warned == 1; }));
    lock.release();
    // ... and after ten minutes in any case, counted from there.
    clock_->advance(asked == 0 ? seconds(601) - ago : seconds(601));
    store->show_time(clock_->wall());
    lock.acquire();
    EXPECT_EQ(store->calls(Verb::info), asked + 1);
  }
}

TEST_F(Locker, gives_back_what_it_holds_when_it_goes) {
  {
    MongoLocker lock(session_, "nightly");
    lock.acquire();
  }
  EXPECT_FALSE(memory_->read(Key::lock("nightly")).record);
}

TEST_F(Locker, is_inert_in_a_forked_child) {
  MongoLocker lock(session_, "nightly");
  lock.acquire();
  const int calls = store_->calls(Verb::release);
  const pid_t child = fork();
  if (child == 0) {
    bool inert = !lock.owned() && lock.remaining() == Duration::zero() && !lock.release();
    try {
      lock.acquire();
      inert = false;
    } catch (const Error&) {
    }
    lock.~MongoLocker();
    session_.reset();
    _exit(inert && store_->calls(Verb::release) == calls ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(lock.owned());
  EXPECT_TRUE(lock.release());
}

TEST_F(Locker, of_many_waiters_in_one_process_one_talks_to_the_store) {
  constexpr int kWaiters = 40;
  MongoLocker holder(session_, "nightly");
  holder.acquire();
  const int reads = store_->calls(Verb::read);
  const int claims = store_->calls(Verb::claim);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::atomic<int> waiting{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kWaiters; ++i) {
    threads.emplace_back([&] {
      MongoLocker lock(session_, "nightly");
      ++waiting;
      lock.acquire();
      most = std::max(most.load(), ++inside);
      --inside;
      lock.release();
    });
  }
  ASSERT_TRUE(eventually([&] { return waiting == kWaiters; }));
  holder.release();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(most, 1);
  // Each: one try on arrival, one look and one claim when it is its turn; a few more for races.
  EXPECT_LE(store_->calls(Verb::read) - reads, 3 * kWaiters);
  EXPECT_LE(store_->calls(Verb::claim) - claims, 4 * kWaiters);
}

TEST_F(Locker, a_thousand_leases_need_no_more_threads_than_one) {
  MongoLocker first(session_, "first");
  first.acquire();
  const int threads = session_->threads();
  EXPECT_GT(threads, 0);
  EXPECT_LE(threads, 6);
  std::vector<std::unique_ptr<MongoLocker>> locks;
  for (int i = 0; i < 1000; ++i) {
    locks.push_back(std::make_unique<MongoLocker>(session_, "lock " + std::to_string(i),
                                                  LockerOptions{.ttl = seconds(10)}));
    locks.back()->acquire();
  }
  EXPECT_EQ(session_->threads(), threads);
  const int renewals = store_->calls(Verb::renew);
  clock_->advance(seconds(2));
  EXPECT_TRUE(eventually([&] {
    for (const auto& lock : locks) {
      if (lock->remaining() < seconds(8)) return false;
    }
    return true;
  }));
  // One round trip for a thousand; a second one if the keeper woke in between.
  EXPECT_LE(store_->calls(Verb::renew) - renewals, 3);
}

}  // namespace
}  // namespace mongoelector::test
