// A renewal of several leases that did not reach all of them read which were still there and called
// those renewed, though a lease can be there, and unexpired by then, without having been extended:
// the server's clock steps back, or another member answers. Found by review.
#include <chrono>
#include <future>
#include <vector>

#include "stores/mongo_fixture.h"
#include "support/eventually.h"

namespace mongoelector::test {
namespace {

using std::chrono::seconds;

class MongoRegression : public MongoStore {
 protected:
  ~MongoRegression() override { server_.stop_failing(); }
};

TEST_F(MongoRegression, only_what_a_renewal_has_extended_is_called_renewed) {
  const auto store = open({.application = database_});
  const auto other = open();
  const Lease kept = hold(*store, Key::lock("kept"));
  const Lease expired = hold(*store, Key::lock("expired"));
  const auto expire_in = [&](const char* ms) {
    put("expired", std::string(R"({"$mergeObjects": ["$$ROOT",
                   {"ts_expire": {"$add": ["$$NOW", )") + ms + "]}}]}");
  };
  expire_in("-1000");
  const auto version = [&](const Key& key) { return other->read(key).record->version; };
  const auto before = version(kept.key);
  server_.fail_commands(database_,
                        R"("failCommands": ["find"], "blockConnection": true, "blockTimeMS": 500)");
  const std::vector<Lease> both{kept, expired};
  auto renewing = std::async(std::launch::async, [&] { return store->renew(both); });
  // Between the update and the read it comes to life again, with little time left.
  ASSERT_TRUE(eventually([&] { return version(kept.key) != before; }));
  expire_in("5000");
  EXPECT_EQ(renewing.get().outcomes, (std::vector{Outcome::granted, Outcome::granted}));
  EXPECT_GT(other->read(expired.key).record->remaining, seconds(50));
}

}  // namespace
}  // namespace mongoelector::test
