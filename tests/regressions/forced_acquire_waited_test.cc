// A forced acquire whose first attempt did not reach the store went on like any other: it looked,
// saw a holder, and waited for it. Found by review.
#include <gtest/gtest.h>

#include <future>

#include "mongoelector/locker.h"
#include "mongoelector/memory_store.h"
#include "support/eventually.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"

namespace mongoelector::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Regression, a_forced_acquire_waits_for_no_holder) {
  const auto clock = std::make_shared<FakeClock>();
  const auto store = std::make_shared<FaultyStore>(make_memory_store(clock));
  const auto session = std::make_shared<Session>(store, ConnectOptions{.clock = clock});
  MongoLocker holder(session, "nightly");
  MongoLocker thief(session, "nightly", {.ttl = seconds(100)});
  holder.acquire();
  store->refuse(Verb::claim, Outcome::unreachable);
  std::stop_source cancel;
  auto taking = std::async(std::launch::async, [&] {
    return thief.acquire({.force = true, .cancel = cancel.get_token()}).known();
  });
  ASSERT_TRUE(eventually([&] { return store->calls(Verb::claim) >= 2; }));
  store->heal();
  // Its pause after a failed attempt, whenever that begins.
  EXPECT_TRUE(eventually([&] {
    clock->advance(milliseconds(100));
    return thief.owned();
  }));
  cancel.request_stop();
  EXPECT_TRUE(taking.get());
}

}  // namespace
}  // namespace mongoelector::test
