// Leases could go along with others a quarter of a period early. Those that were acquired more than
// that apart were never renewed in one round trip: four of them instead of one, for ever. Found by
// the bench.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "mongoelector/locker.h"
#include "mongoelector/memory_store.h"
#include "support/eventually.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"

namespace mongoelector::test {
namespace {

using std::chrono::seconds;

TEST(Regression, leases_acquired_at_any_moments_come_to_be_renewed_together) {
  const auto clock = std::make_shared<FakeClock>();
  const auto store = std::make_shared<FaultyStore>(make_memory_store(clock));
  const auto session = std::make_shared<Session>(store, ConnectOptions{.clock = clock});
  constexpr auto kPeriod = seconds(20);
  std::vector<std::unique_ptr<MongoLocker>> locks;
  for (int i = 0; i < 5; ++i) {
    locks.push_back(std::make_unique<MongoLocker>(session, "lock " + std::to_string(i),
                                                  LockerOptions{.ttl = 5 * kPeriod}));
    locks.back()->acquire();
    clock->advance(kPeriod / 5);
  }
  const auto renewals_reach = [&](int count) {
    return eventually([&] { return store->calls(Verb::renew) == count; });
  };
  // The first four, acquired within three quarters of a period; then the fifth, and those with it.
  ASSERT_TRUE(renewals_reach(1));
  clock->advance(kPeriod * 4 / 5);
  ASSERT_TRUE(renewals_reach(2));
  for (int count = 3; count < 8; ++count) {
    clock->advance(kPeriod);
    ASSERT_TRUE(renewals_reach(count));
  }
  for (const auto& lock : locks) EXPECT_TRUE(lock->owned());
}

}  // namespace
}  // namespace mongoelector::test
