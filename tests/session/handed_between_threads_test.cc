// One locker used by several threads like a mutex: what ends one thread's lease must not touch the
// lease that the next thread has acquired by then.
#include <gtest/gtest.h>

#include <thread>

#include "mongoelector/locker.h"
#include "mongoelector/memory_store.h"

namespace mongoelector::test {
namespace {

TEST(HandedBetweenThreads, the_end_of_one_lease_does_not_touch_the_next) {
  const auto session = std::make_shared<Session>(make_memory_store());
  MongoLocker lock(session, "nightly");
  // Two threads hand one locker to and fro.
  const auto work = [&] {
    for (int i = 0; i < 2000;) {
      try {
        lock.acquire({.blocking = false});
      } catch (const Error&) {
        continue;  // the other one has it, or is about to
      }
      ++i;
      const std::stop_token ended = lock.stop_token();
      for (int looks = 0; looks < 50; ++looks) ASSERT_FALSE(ended.stop_requested());
      ASSERT_TRUE(lock.owned());
      ASSERT_TRUE(lock.locked());
      lock.unlock();
    }
  };
  std::thread other(work);
  work();
  other.join();
}

}  // namespace
}  // namespace mongoelector::test
