// A deadline counts a forward jump of the wall clock as time elapsed, to be on the safe side. So
// did the watch over a record that has to stand still after a failover, where it is the unsafe
// side: setting the clock of a candidate's machine made a second master. Found by the simulator.
#include <gtest/gtest.h>

#include <chrono>

#include "mongoelector/elector.h"
#include "mongoelector/locker.h"
#include "mongoelector/memory_store.h"
#include "support/eventually.h"
#include "support/fake_clock.h"
#include "support/judged_by_another.h"

namespace mongoelector::test {
namespace {

using std::chrono::seconds;

class ClockSet : public testing::Test {
 protected:
  std::shared_ptr<Session> session_on(const std::shared_ptr<LeaseStore>& store) const {
    return std::make_shared<Session>(store, ConnectOptions{.clock = clock_});
  }
  const std::shared_ptr<FakeClock> clock_ = std::make_shared<FakeClock>();
};

TEST_F(ClockSet, does_not_make_a_lock_free) {
  const auto store =
      std::make_shared<JudgedByAnother>(make_memory_store(clock_), Key::lock("k"));
  MongoLocker locker(session_on(store), "k", {.ttl = seconds(60), .timeparanoid = false});
  EXPECT_THROW(locker.acquire({.blocking = false}), LockExists);
  clock_->jump(seconds(100));
  EXPECT_THROW(locker.acquire({.blocking = false}), LockExists);
  clock_->advance(seconds(61));
  EXPECT_EQ(locker.acquire({.blocking = false}), Token(8));
}

TEST_F(ClockSet, does_not_make_a_second_master) {
  const auto store =
      std::make_shared<JudgedByAnother>(make_memory_store(clock_), Key::election("k"));
  MongoElector elector(session_on(store), "k",
                       {.ttl = seconds(60), .report_status = false, .timeparanoid = false});
  elector.start();
  ASSERT_TRUE(eventually([&] { return store->reads() > 0; }));
  clock_->jump(seconds(100));
  for (int i = 0; i < 3; ++i) {
    const int before = store->reads();
    ASSERT_TRUE(eventually([&] {
      elector.poll();
      return store->reads() > before + 1;
    }));
    EXPECT_FALSE(elector.ismaster());
  }
  clock_->advance(seconds(61));
  EXPECT_TRUE(eventually([&] {
    elector.poll();
    return elector.ismaster();
  }));
}

}  // namespace
}  // namespace mongoelector::test
