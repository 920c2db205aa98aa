// A release that is tried again in the background named the lease the locker had when the errand
// ran, not the one it was about. Delayed behind a hanging call, it removed what the same locker had
// acquired anew in the meantime, while owned() still said true: two holders. Found by review.
#include <gtest/gtest.h>

#include "mongoelector/elector.h"
#include "mongoelector/locker.h"
#include "mongoelector/memory_store.h"
#include "support/eventually.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"

namespace mongoelector::test {
namespace {

using std::chrono::seconds;

TEST(Regression, an_old_release_does_not_remove_the_next_lease) {
  const auto clock = std::make_shared<FakeClock>();
  const auto memory = make_memory_store(clock);
  const auto store = std::make_shared<FaultyStore>(memory);
  const auto session = std::make_shared<Session>(store, ConnectOptions{.clock = clock});
  const Key key = Key::lock("nightly");
  MongoElector busy(session, "billing");
  MongoLocker lock(session, "nightly", {.ttl = seconds(100)});
  lock.acquire();
  store->refuse(Verb::release, Outcome::unreachable);
  EXPECT_FALSE(lock.release());
  store->heal(Verb::release);
  // The errand runner hangs in somebody else's call, so the retry waits behind it.
  store->hang(Verb::read);
  busy.start();
  ASSERT_TRUE(eventually([&] { return store->hanging() == 1; }));
  clock->advance(seconds(5));
  EXPECT_FALSE(lock.release());  // the retry is due: whoever sees that first, it is posted now
  const Token token = lock.acquire({.blocking = false});
  store->heal();
  ASSERT_TRUE(eventually([&] { return store->calls(Verb::release) >= 3; }));
  busy.stop();
  ASSERT_TRUE(memory->read(key).record);
  EXPECT_EQ(memory->read(key).record->token, token);
  EXPECT_TRUE(lock.touch());
}

}  // namespace
}  // namespace mongoelector::test
