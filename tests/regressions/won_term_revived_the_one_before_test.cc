// A candidate that lost and won again published the new lease's deadline to the term object of the
// old one first, which then stayed valid for ever. Found by elector_test while it was written.
#include <gtest/gtest.h>

#include "mongoelector/elector.h"
#include "mongoelector/memory_store.h"
#include "support/eventually.h"
#include "support/fake_clock.h"

namespace mongoelector::test {
namespace {

TEST(Regression, a_won_term_does_not_revive_the_one_before) {
  const auto clock = std::make_shared<FakeClock>();
  const auto session =
      std::make_shared<Session>(make_memory_store(clock), ConnectOptions{.clock = clock});
  MongoElector elector(session, "billing");
  elector.start();
  ASSERT_TRUE(eventually([&] { return elector.ismaster(); }));
  const Term first = *elector.term();
  elector.stop();
  EXPECT_FALSE(first.valid());
  elector.start();
  ASSERT_TRUE(eventually([&] { return elector.ismaster(); }));
  EXPECT_FALSE(first.valid());
  EXPECT_TRUE(elector.term()->valid());
}

}  // namespace
}  // namespace mongoelector::test
