// A release that was tried again in the background looked up which lease it was about only when it
// ran. If the program had acquired anew by then, it removed the new lease, and two clients held the
// lock. Found by the simulator.
#include <gtest/gtest.h>

#include <future>

#include "mongoelector/elector.h"
#include "mongoelector/error.h"
#include "mongoelector/locker.h"
#include "mongoelector/memory_store.h"
#include "support/eventually.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"

namespace mongoelector::test {
namespace {

using namespace std::chrono_literals;

// Reads wait for a gate of their own, so that the other verbs can be healed before them.
class GatedReads : public FaultyStore {
 public:
  using FaultyStore::FaultyStore;
  ReadReply read(const Key& key) override {
    waiting = true;
    gate.get_future().wait();
    return FaultyStore::read(key);
  }
  std::promise<void> gate;
  std::atomic<bool> waiting{false};
};

TEST(Regression, a_late_release_does_not_remove_the_next_lease) {
  const auto clock = std::make_shared<FakeClock>();
  const auto shared = make_memory_store(clock);
  const auto store = std::make_shared<GatedReads>(shared);
  const auto session = std::make_shared<Session>(store, ConnectOptions{.clock = clock});
  MongoLocker lock(session, "nightly", {.ttl = 600s});
  lock.acquire();
  // The watchdog calls in order of time: once it has told this loss, the retry of the release,
  // which is due before, waits behind the read.
  std::atomic<bool> later_tick_seen{false};
  MongoLocker sentinel(session, "sentinel",
                       {.ttl = 50s, .auto_renew = false, .on_lost = [&](Token) {
                          later_tick_seen = true;
                        }});
  sentinel.acquire();
  store->refuse(Verb::release, Outcome::unreachable);
  EXPECT_FALSE(lock.release());
  store->heal();
  MongoElector blocker(session, "other", {.report_status = false});
  blocker.start();
  ASSERT_TRUE(eventually([&] { return store->waiting.load(); }));
  clock->advance(40s);
  ASSERT_TRUE(eventually([&] { return later_tick_seen.load(); }));

  lock.acquire({.blocking = false});
  store->gate.set_value();
  // One errand after another: when this claim has come through, the late release has too.
  ASSERT_TRUE(eventually([&] { return blocker.ismaster(); }));

  EXPECT_TRUE(lock.owned());
  const auto elsewhere = std::make_shared<Session>(shared, ConnectOptions{.clock = clock});
  MongoLocker rival(elsewhere, "nightly");
  EXPECT_THROW(rival.acquire({.blocking = false}), LockExists);
}

}  // namespace
}  // namespace mongoelector::test
