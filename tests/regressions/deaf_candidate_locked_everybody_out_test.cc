// A client whose claims were executed but whose answers never came repeated its claim under the
// same lease for ever, and each repetition prolonged the lease: nobody could hold the key. Found by
// the simulator.
#include <gtest/gtest.h>

#include <thread>

#include "mongoelector/elector.h"
#include "mongoelector/error.h"
#include "mongoelector/locker.h"
#include "mongoelector/memory_store.h"
#include "support/eventually.h"
#include "support/faulty_store.h"

namespace mongoelector::test {
namespace {

using namespace std::chrono_literals;

class DeafClient : public testing::Test {
 protected:
  DeafClient() {
    store->lose_replies(Verb::claim);
    store->lose_replies(Verb::release);
  }

  const std::shared_ptr<LeaseStore> shared = make_memory_store(make_machine_clock());
  const std::shared_ptr<FaultyStore> store = std::make_shared<FaultyStore>(shared);
  const std::shared_ptr<Session> deaf = std::make_shared<Session>(store, ConnectOptions{});
  const std::shared_ptr<Session> sound = std::make_shared<Session>(shared, ConnectOptions{});
};

TEST_F(DeafClient, does_not_lock_other_candidates_out) {
  MongoElector candidate(deaf, "billing", {.ttl = 200ms, .report_status = false});
  candidate.start();
  ASSERT_TRUE(eventually([&] { return store->calls(Verb::claim) > 0; }));
  store->refuse(Verb::read, Outcome::unknown);
  MongoElector rival(sound, "billing", {.ttl = 200ms, .report_status = false});
  rival.start();
  EXPECT_TRUE(eventually([&] { return rival.ismaster(); }, 5s));
}

TEST_F(DeafClient, does_not_lock_other_waiters_out) {
  store->refuse(Verb::read, Outcome::unknown);
  MongoLocker waiter(deaf, "nightly", {.ttl = 200ms});
  std::stop_source cancel;
  std::jthread waiting([&] {
    EXPECT_THROW(waiter.acquire({.cancel = cancel.get_token()}), AcquireCancelled);
  });
  EXPECT_TRUE(eventually([&] { return store->calls(Verb::claim) > 0; }));
  MongoLocker rival(sound, "nightly", {.ttl = 200ms});
  EXPECT_TRUE(eventually([&] { return rival.try_lock_for(10ms); }, 5s));
  cancel.request_stop();
}

}  // namespace
}  // namespace mongoelector::test
