// start(blocking) called from a callback kept the dispatcher waiting for an end that only the
// dispatcher could bring about. Found by review.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "mongoelector/elector.h"
#include "mongoelector/memory_store.h"
#include "support/eventually.h"

namespace mongoelector::test {
namespace {

TEST(Regression, a_blocking_start_in_a_callback_does_not_hang) {
  const auto session = std::make_shared<Session>(make_memory_store());
  MongoElector* self = nullptr;
  std::atomic<int> returned{0};
  std::atomic<int> losses{0};
  MongoElector elector(session, "billing",
                       {.ttl = std::chrono::milliseconds(500),
                        .onmaster =
                            [&](const Term&) {
                              self->start(true);
                              ++returned;
                            },
                        .onmasterloss = [&](const Term&) { ++losses; }});
  self = &elector;
  elector.start();
  EXPECT_TRUE(eventually([&] { return returned == 1; }, std::chrono::seconds(5)));
  elector.stop();
  EXPECT_EQ(losses, 1);
}

}  // namespace
}  // namespace mongoelector::test
