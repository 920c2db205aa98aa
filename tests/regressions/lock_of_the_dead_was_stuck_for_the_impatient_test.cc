// After a failover an expired lock of a dead holder is only free once its record has stood still
// for its ttl. That was watched anew by each acquire(), so callers with less patience than a ttl
// never got it. Found by the simulator.
#include <gtest/gtest.h>

#include <chrono>

#include "mongoelector/locker.h"
#include "mongoelector/memory_store.h"
#include "support/fake_clock.h"
#include "support/judged_by_another.h"

namespace mongoelector::test {
namespace {

using std::chrono::seconds;

TEST(Regression, a_lock_of_the_dead_goes_to_callers_with_less_patience_than_a_ttl) {
  const auto clock = std::make_shared<FakeClock>();
  const auto session = std::make_shared<Session>(
      std::make_shared<JudgedByAnother>(make_memory_store(clock), Key::lock("k")),
      ConnectOptions{.clock = clock});
  MongoLocker locker(session, "k", {.ttl = seconds(60), .timeparanoid = false});
  EXPECT_THROW(locker.acquire({.blocking = false}), LockExists);
  clock->advance(seconds(30));
  EXPECT_THROW(locker.acquire({.timeout = seconds(0)}), AcquireTimeout);
  clock->advance(seconds(31));
  EXPECT_EQ(locker.acquire({.blocking = false}), Token(8));
}

}  // namespace
}  // namespace mongoelector::test
