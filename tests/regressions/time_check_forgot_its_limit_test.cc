// A clock that was near enough for one locker's max_offset counted as good for ten minutes for
// everybody, however small theirs. Found by review.
#include <gtest/gtest.h>

#include "mongoelector/locker.h"
#include "mongoelector/memory_store.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"

namespace mongoelector::test {
namespace {

using std::chrono::seconds;

TEST(Regression, a_clock_good_enough_for_one_is_not_good_enough_for_all) {
  const auto clock = std::make_shared<FakeClock>();
  const auto store = std::make_shared<FaultyStore>(make_memory_store(clock));
  const auto session = std::make_shared<Session>(store, ConnectOptions{.clock = clock});
  store->show_time(clock->wall() + seconds(2));
  MongoLocker generous(session, "a", {.max_offset = seconds(10)});
  MongoLocker strict(session, "b");
  generous.acquire();
  EXPECT_THROW(strict.acquire(), TimeOffsetError);
}

}  // namespace
}  // namespace mongoelector::test
