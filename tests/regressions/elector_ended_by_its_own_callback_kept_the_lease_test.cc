// An elector that was destroyed inside its own callback together with its session never deleted the
// lease: the session ended before the dispatcher came to the end of the term. Found by review.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "mongoelector/elector.h"
#include "mongoelector/memory_store.h"
#include "support/eventually.h"

namespace mongoelector::test {
namespace {

void destroyed_in_onmaster(std::shared_ptr<Session> session, LeaseStore& store) {
  const Key key = Key::election("billing");
  std::unique_ptr<MongoElector> elector;
  std::atomic<bool> started{false};
  std::atomic<bool> gone{false};
  elector = std::make_unique<MongoElector>(
      std::move(session), "billing", ElectorOptions{.onmaster = [&](const Term& term) {
        started.wait(false);
        elector.reset();
        gone = !term.valid();
      }});
  elector->start();
  started = true;
  started.notify_all();
  EXPECT_TRUE(eventually([&] { return gone.load(); }));
  EXPECT_TRUE(eventually([&] { return !store.read(key).record; }));
}

TEST(Regression, an_elector_ended_by_its_own_callback_gives_the_lease_back) {
  const auto store = make_memory_store();
  destroyed_in_onmaster(std::make_shared<Session>(store), *store);  // with its session
  const auto session = std::make_shared<Session>(store);
  destroyed_in_onmaster(session, *store);  // without
}

}  // namespace
}  // namespace mongoelector::test
