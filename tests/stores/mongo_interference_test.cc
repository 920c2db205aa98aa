// Documents that somebody changes or removes while they are held: the loss is known at the next
// renewal, and nobody takes what is not understood.
#include <atomic>
#include <chrono>
#include <map>

#include "mongoelector/mongoelector.h"
#include "stores/mongo_fixture.h"
#include "support/eventually.h"

namespace mongoelector::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class MongoInterference : public MongoStore {};

struct Change {
  const char* name;
  const char* becomes;  // an expression; nullptr: removed
  Outcome then;         // what the next claim says
};
constexpr Change kChanges[] = {
    {"removed", nullptr, Outcome::granted},
    {"bare", R"({"_id": "$_id"})", Outcome::granted},
    {"replaced", R"({"_id": "$_id", "locked": true, "host": "py", "uuid": "u",
                     "ts_created": "$$NOW", "ts_expire": {"$add": ["$$NOW", 60000]}})",
     Outcome::held},
    {"unlocked", R"({"$mergeObjects": ["$$ROOT", {"locked": false}]})", Outcome::held},
    {"no date", R"({"_id": "$_id", "locked": true, "uuid": "$uuid", "lease_id": "$lease_id",
                    "v": 1, "ttl_ms": "$ttl_ms"})",
     Outcome::damaged},
    {"a text for a date", R"({"$mergeObjects": ["$$ROOT", {"ts_expire": "soon"}]})",
     Outcome::damaged},
    {"a number for a date", R"({"$mergeObjects": ["$$ROOT", {"ts_expire": 5}]})",
     Outcome::damaged},
    {"another lease", R"({"$mergeObjects": ["$$ROOT", {"lease_id": "x"}]})", Outcome::held},
    {"no lease", R"({"$mergeObjects": ["$$ROOT", {"lease_id": 7}]})", Outcome::damaged},
};

TEST_F(MongoInterference, is_a_loss_at_the_next_renewal_and_takes_nothing_else_along) {
  const auto session = connect(server_.uri(database_));
  std::atomic<int> lost{0};
  std::map<std::string, std::unique_ptr<MongoLocker>> locks;
  // Held long enough that only a renewal, never the expiry, can tell the loss in time.
  const LockerOptions options{.ttl = seconds(60),
                              .on_lost = [&](Token) { ++lost; },
                              .timing = {.renew_every = milliseconds(300)}};
  const auto acquire = [&](const std::string& name) {
    locks[name] = std::make_unique<MongoLocker>(session, name, options);
    locks[name]->acquire({.blocking = false});
  };
  acquire("untouched");
  for (const Change& change : kChanges) acquire(change.name);
  for (const Change& change : kChanges) {
    if (change.becomes != nullptr) {
      put(change.name, change.becomes);
    } else {
      command(R"({"delete": "mongolocker", "deletes": [{"q": {"_id": ")" +
              std::string(change.name) + R"("}, "limit": 1}]})");
    }
  }
  ASSERT_TRUE(eventually([&] { return lost == std::ssize(kChanges); }, seconds(5)));
  for (const Change& change : kChanges) EXPECT_FALSE(locks[change.name]->owned()) << change.name;
  EXPECT_TRUE(locks["untouched"]->owned());
  for (const Change& change : kChanges) {
    const Key key = Key::lock(change.name);
    const std::string before = ask(change.name, "\"$$ROOT\"");
    EXPECT_EQ(session->store().claim(request(key)).outcome, change.then) << change.name;
    if (change.then == Outcome::granted) continue;
    EXPECT_EQ(ask(change.name, "\"$$ROOT\""), before) << change.name;
  }
}

TEST_F(MongoInterference, with_the_counter_of_a_standalone_costs_no_lease_and_no_order) {
  Mongod& alone = Mongod::shared_standalone();
  const auto store = internal::open_mongo_store(alone.uri(database_), {});
  const auto change = [&](const std::string& statement) {
    alone.run_command(R"({"update": "mongolocker.tokens", "updates": [{"q": {"_id": "nightly"},
                          "u": )" + statement + "}]}", database_);
  };
  Token last;
  const auto next = [&](const std::string& when) {
    const Lease lease = hold(*store, key_);
    EXPECT_GT(lease.token, last) << when;
    last = lease.token;
    EXPECT_EQ(store->release(lease).outcome, Outcome::granted) << when;
  };
  next("first");
  // The counter starts again at the time.
  const auto let_a_millisecond_pass = [&] {
    const seconds whole(last.value() >> 32);
    const milliseconds part((last.value() & 0xffffffff) >> 22);
    ASSERT_TRUE(eventually([&] {
      return std::chrono::system_clock::now() >= WallTime(whole + part + milliseconds(1));
    }));
  };
  for (const char* damage : {R"({"$unset": {"n": 1}})", R"({"$set": {"n": "many"}})",
                             R"({"$set": {"n": -1.5}})"}) {
    let_a_millisecond_pass();
    change(damage);
    next(damage);
  }
  alone.run_command(R"({"drop": "mongolocker.tokens"})", database_);
  let_a_millisecond_pass();
  next("dropped");
  alone.run_command(R"({"dropDatabase": 1})", database_);
}

}  // namespace
}  // namespace mongoelector::test
