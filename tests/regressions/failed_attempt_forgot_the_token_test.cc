// token() is that of the present or latest lease, but an attempt without success set it to "not
// known". Found by review.
#include <gtest/gtest.h>

#include "mongoelector/locker.h"
#include "mongoelector/memory_store.h"

namespace mongoelector::test {
namespace {

TEST(Regression, a_failed_attempt_does_not_forget_the_latest_token) {
  const auto session = std::make_shared<Session>(make_memory_store());
  MongoLocker lock(session, "nightly");
  MongoLocker other(session, "nightly");
  const Token token = lock.acquire();
  lock.release();
  other.acquire();
  EXPECT_FALSE(lock.try_lock());
  EXPECT_EQ(lock.token(), token);
}

}  // namespace
}  // namespace mongoelector::test
