// A master that could not read the history numbered its term 1, as if there were none: an answer
// that did not come was taken for an empty one. Found by reading the change once more.
#include <gtest/gtest.h>

#include "mongoelector/elector.h"
#include "mongoelector/memory_store.h"
#include "support/eventually.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"

namespace mongoelector::test {
namespace {

TEST(Regression, a_term_whose_history_cannot_be_read_has_no_number) {
  const auto clock = std::make_shared<FakeClock>();
  const auto memory = make_memory_store(clock);
  const auto store = std::make_shared<FaultyStore>(memory);
  const auto session = std::make_shared<Session>(store, ConnectOptions{.clock = clock});
  const auto rows = [&] { return memory->history(Key::election("billing"), {}, 10).rows; };
  MongoElector elector(session, "billing");
  elector.start();
  ASSERT_TRUE(eventually([&] { return rows().size() == 1; }));
  EXPECT_EQ(rows()[0].number, 1u);
  elector.stop();
  store->refuse(Verb::history, Outcome::unreachable);
  elector.start();
  ASSERT_TRUE(eventually([&] { return rows().size() == 2; }));
  EXPECT_EQ(rows()[0].number, 0u) << "not known";
}

}  // namespace
}  // namespace mongoelector::test
