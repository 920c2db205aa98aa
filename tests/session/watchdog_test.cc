// The thread that notices the passing of time.
#include "session/watchdog.h"

#include <gtest/gtest.h>

#include "mongoelector/locker.h"
#include "session/fakes.h"
#include "support/eventually.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"

namespace mongoelector::test {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(Timetable, its_owner_is_disturbed_only_for_what_is_sooner_than_its_next_look) {
  internal::Timetable timetable;
  const auto lease = std::make_shared<FakeParticipant>();
  const auto other = std::make_shared<FakeParticipant>();
  const Instant start{seconds(1000)};
  timetable.set(lease, start + seconds(5));
  EXPECT_TRUE(timetable.disturbs_rest()) << "it rests for ever";
  EXPECT_EQ(timetable.rest(), start + seconds(5));
  EXPECT_FALSE(timetable.disturbs_rest());
  timetable.set(lease, Instant::max());
  timetable.set(lease, start + seconds(6));
  EXPECT_FALSE(timetable.disturbs_rest()) << "it looks before that anyway";
  timetable.set(other, start + seconds(4));
  EXPECT_TRUE(timetable.disturbs_rest());
  EXPECT_EQ(timetable.rest(), start + seconds(4));
}

TEST(Watchdog, ticks_at_the_time_it_was_told_and_not_before) {
  const auto clock = std::make_shared<FakeClock>();
  const Instant start = clock->now();
  internal::Watchdog watchdog(clock);
  const auto late = std::make_shared<FakeParticipant>();
  const auto early = std::make_shared<FakeParticipant>();
  const auto never = std::make_shared<FakeParticipant>();
  watchdog.set(late, start + seconds(9));
  watchdog.start();
  watchdog.set(early, start + seconds(5));  // earlier than what it waits for
  watchdog.set(never, start + seconds(5));
  watchdog.set(never, Instant::max());
  clock->advance(seconds(5) - nanoseconds(1));
  ASSERT_TRUE(clock->await_waiter(start + seconds(5)));
  EXPECT_EQ(early->ticks, 0);
  clock->advance(nanoseconds(1));
  EXPECT_TRUE(eventually([&] { return early->ticks == 1; }));
  clock->advance(seconds(4));
  EXPECT_TRUE(eventually([&] { return late->ticks == 1; }));
  EXPECT_EQ(early->ticks, 1);
  EXPECT_EQ(never->ticks, 0);
  EXPECT_TRUE(watchdog.finish(seconds(1)));
}

TEST(Watchdog, a_participant_may_end_in_its_own_tick) {
  const auto clock = std::make_shared<FakeClock>();
  internal::Watchdog watchdog(clock);
  auto who = std::make_shared<FakeParticipant>();
  const std::weak_ptr<FakeParticipant> alive = who;
  // Sets itself anew from within, as the real ones do.
  who->on_tick = [&watchdog, self = who.get(), clock] {
    watchdog.set(self->shared_from_this(), Instant::max());
  };
  watchdog.set(who, clock->now());
  who.reset();
  watchdog.start();
  EXPECT_TRUE(eventually([&] { return alive.expired(); }));
  EXPECT_TRUE(watchdog.finish(seconds(1)));
}

TEST(Watchdog, fires_while_the_keeper_hangs_in_the_store) {
  const auto clock = std::make_shared<FakeClock>();
  const auto store = std::make_shared<FaultyStore>(make_memory_store(clock));
  const auto session = std::make_shared<Session>(store, ConnectOptions{.clock = clock});
  MongoLocker first(session, "first", {.ttl = seconds(10)});
  MongoLocker second(session, "second", {.ttl = seconds(20)});
  first.acquire();
  second.acquire();
  const std::stop_token first_over = first.stop_token();
  const std::stop_token second_over = second.stop_token();
  store->hang(Verb::renew);
  clock->advance(seconds(4));
  ASSERT_TRUE(eventually([&] { return store->hanging() == 1; }));
  clock->advance(seconds(4));
  EXPECT_TRUE(eventually([&] { return first_over.stop_requested(); }));
  EXPECT_FALSE(second_over.stop_requested());
  clock->advance(seconds(8));
  EXPECT_TRUE(eventually([&] { return second_over.stop_requested(); }));
  EXPECT_EQ(store->hanging(), 1);
  store->heal();
}

}  // namespace
}  // namespace mongoelector::test
