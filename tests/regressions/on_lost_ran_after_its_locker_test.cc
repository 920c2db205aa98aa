// An on_lost that waited on the dispatcher ran after its MongoLocker was gone, and with it what the
// callback used. Found by review.
#include <gtest/gtest.h>

#include <atomic>

#include "mongoelector/elector.h"
#include "mongoelector/locker.h"
#include "mongoelector/memory_store.h"
#include "support/eventually.h"
#include "support/fake_clock.h"

namespace mongoelector::test {
namespace {

using std::chrono::seconds;

TEST(Regression, no_on_lost_runs_after_its_locker_is_gone) {
  const auto clock = std::make_shared<FakeClock>();
  const auto session =
      std::make_shared<Session>(make_memory_store(clock), ConnectOptions{.clock = clock});
  std::atomic<bool> inside{false};
  std::atomic<bool> go{false};
  std::atomic<int> lost{0};
  MongoElector slow(session, "billing", {.onloop = [&] {
                      inside = true;
                      go.wait(false);
                    }});
  slow.start();
  ASSERT_TRUE(eventually([&] { return inside.load(); }));  // the dispatcher is busy
  {
    MongoLocker lock(session, "nightly",
                     {.ttl = seconds(10), .auto_renew = false, .on_lost = [&](Token) { ++lost; }});
    lock.acquire();
    const std::stop_token ended = lock.stop_token();
    clock->advance(seconds(8));
    ASSERT_TRUE(eventually([&] { return ended.stop_requested(); }));
  }
  go = true;
  go.notify_all();
  slow.stop();  // behind whatever the dispatcher still had to do
  EXPECT_EQ(lost, 0);
}

}  // namespace
}  // namespace mongoelector::test
