// Wake-ups through a change stream: what is hinted, what is not, and that nothing is missed or
// forgotten when the stream is interrupted.
#include <algorithm>
#include <chrono>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "mongoelector/error.h"
#include "stores/mongo_fixture.h"
#include "support/eventually.h"
#include "support/replica_set.h"

namespace mongoelector::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Steady = std::chrono::steady_clock;

// Takes in the hints of one subscription, on a thread of its own.
class Listener {
 public:
  explicit Listener(std::unique_ptr<Watch> watch) : watch_(std::move(watch)) {
    thread_ = std::thread([this] {
      for (bool ended = false; !ended;) {
        const Watch::Hints hints = watch_->next();
        const std::lock_guard lock(mutex_);
        ended = ended_ = hints.ended;
        if (hints.anything) ++anything_;
        freed_.insert(freed_.end(), hints.freed.begin(), hints.freed.end());
        renewed_.insert(renewed_.end(), hints.renewed.begin(), hints.renewed.end());
      }
    });
  }
  ~Listener() {
    watch_->cancel();
    thread_.join();
  }

  void cancel() { watch_->cancel(); }
  void follow(const std::vector<Key>& keys) { watch_->follow(keys); }
  std::vector<Watch::Renewed> renewed() const {
    const std::lock_guard lock(mutex_);
    return renewed_;
  }
  std::vector<Key> freed() const {
    const std::lock_guard lock(mutex_);
    return freed_;
  }
  bool has_freed(const Key& key) const {
    const std::vector<Key> keys = freed();
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  }
  int anything() const {
    const std::lock_guard lock(mutex_);
    return anything_;
  }
  bool ended() const {
    const std::lock_guard lock(mutex_);
    return ended_;
  }

 private:
  const std::unique_ptr<Watch> watch_;
  mutable std::mutex mutex_;
  std::vector<Key> freed_;
  std::vector<Watch::Renewed> renewed_;
  int anything_ = 0;
  bool ended_ = false;
  std::thread thread_;
};

class MongoWatch : public MongoStore {
 protected:
  ~MongoWatch() override { server_.stop_failing(); }

  // The next commands of that sort of the watching store fail so.
  void fail(const std::string& names, const std::string& how, int times) {
    server_.fail_commands(database_, R"("failCommands": [)" + names + "], " + how, times);
  }
  void give_back(const Key& key) {
    EXPECT_EQ(store_->release(hold(*store_, key)).outcome, Outcome::granted);
  }
  void expect_freed(const Listener& listener, const Key& key) {
    EXPECT_TRUE(eventually([&] { return listener.has_freed(key); })) << key.name();
  }

  const std::shared_ptr<LeaseStore> store_ = open();
  const std::shared_ptr<LeaseStore> watching_ = open({.application = database_});
};

TEST_F(MongoWatch, hints_name_the_key_that_was_given_up) {
  Listener listener(watching_->watch());
  const std::vector<Key> keys{key_, Key::election("nightly"), Key::lock("$$NOW")};
  for (const Key& key : keys) give_back(key);
  expect_freed(listener, keys.back());
  EXPECT_EQ(listener.freed(), keys);
  EXPECT_EQ(listener.anything(), 0);
}

TEST_F(MongoWatch, claims_renewals_and_other_documents_reach_nobody) {
  const Lease lease = hold(*store_, key_);
  Listener listener(watching_->watch());
  for (int i = 0; i < 20; ++i)
    ASSERT_EQ(store_->renew({&lease, 1}).outcomes, std::vector{Outcome::granted});
  hold(*store_, Key::lock("another"));
  command(R"({"insert": "theirs", "documents": [{"_id": "nightly"}]})");
  command(R"({"delete": "theirs", "deletes": [{"q": {}, "limit": 0}]})");
  command(R"({"insert": "mongolocker", "documents": [{"_id": 7}]})");
  command(R"({"delete": "mongolocker", "deletes": [{"q": {"_id": 7}, "limit": 1}]})");
  command(R"({"drop": "theirs"})");
  ASSERT_EQ(store_->release(lease).outcome, Outcome::granted);
  expect_freed(listener, key_);
  EXPECT_EQ(listener.freed().size(), 1u);
  EXPECT_EQ(listener.anything(), 0);
}

TEST_F(MongoWatch, renewals_of_elections_that_are_followed_are_hinted) {
  const Key billing = Key::election("billing");
  const Key same_name = Key::lock("billing");
  const Key other = Key::election("$$NOW");
  std::vector<Lease> leases;
  for (const Key& key : {billing, same_name, other}) leases.push_back(hold(*store_, key));
  Listener listener(watching_->watch());
  listener.follow({billing});
  // It is followed soon, not at once.
  ASSERT_TRUE(eventually([&] {
    store_->renew(leases);
    return !listener.renewed().empty();
  }));
  for (const Watch::Renewed& renewed : listener.renewed()) {
    EXPECT_EQ(renewed.key, billing);
    EXPECT_GT(renewed.remaining, seconds(59));
    EXPECT_LE(renewed.remaining, seconds(60));
  }
  give_back(Key::lock("meanwhile"));
  listener.follow({other});
  ASSERT_TRUE(eventually([&] {
    store_->renew(leases);
    return listener.renewed().back().key == other;
  }));
  expect_freed(listener, Key::lock("meanwhile"));
  for (const Key& freed : listener.freed()) EXPECT_EQ(freed, Key::lock("meanwhile"));
  EXPECT_EQ(listener.anything(), 0);
  EXPECT_FALSE(listener.ended());
}

// Found by this suite, as a flake: the token that the stream went on from named a renewal which the
// new filter hid, so the server did not find it and every waiter of the process looked.
TEST_F(MongoWatch, following_another_election_wakes_nobody_and_misses_nothing) {
  const std::vector elections{Key::election("billing"), Key::election("$$NOW")};
  std::vector<Lease> leases;
  for (const Key& key : elections) leases.push_back(hold(*store_, key));
  Listener listener(watching_->watch());
  for (std::size_t i = 0; i < 40; ++i) {
    const Key& wanted = elections[i % 2];
    const Key freed = Key::lock("meanwhile " + std::to_string(i));
    listener.follow({wanted});
    give_back(freed);
    ASSERT_TRUE(eventually([&] {
      // Not always granted: a busy machine may not answer in time.
      store_->renew(leases);
      const auto renewed = listener.renewed();
      return !renewed.empty() && renewed.back().key == wanted;
    }));
    expect_freed(listener, freed);
  }
  EXPECT_EQ(listener.anything(), 0);
  EXPECT_FALSE(listener.ended());
}

TEST_F(MongoWatch, a_record_swept_by_the_server_is_hinted_too) {
  hold(*store_, key_);
  store_->maintain({});
  Listener listener(watching_->watch());
  put("nightly",
      R"({"$mergeObjects": ["$$ROOT", {"ts_expire": {"$subtract": ["$$NOW", 200000000]}}]})");
  expect_freed(listener, key_);
}

TEST_F(MongoWatch, everybody_looks_when_a_collection_or_the_database_goes) {
  hold(*store_, key_);
  hold(*store_, Key::election("nightly"));
  Listener listener(watching_->watch());
  const auto everybody_looks = [&](const std::string& what, const std::string& database) {
    const int before = listener.anything();
    server_.run_command(what, database);
    EXPECT_TRUE(eventually([&] { return listener.anything() > before; })) << what;
  };
  everybody_looks(R"({"drop": "elector.locks"})", database_);
  everybody_looks(R"({"renameCollection": ")" + database_ + R"(.mongolocker", "to": ")" +
                      database_ + R"(.moved"})",
                  "admin");
  everybody_looks(R"({"renameCollection": ")" + database_ + R"(.moved", "to": ")" + database_ +
                      R"(.mongolocker"})",
                  "admin");
  everybody_looks(R"({"dropDatabase": 1})", database_);
  // However often the stream had to be opened anew, it still shows what comes.
  give_back(Key::lock("afterwards"));
  expect_freed(listener, Key::lock("afterwards"));
  EXPECT_FALSE(listener.ended());
}

TEST_F(MongoWatch, goes_on_after_an_interruption_where_it_was) {
  Listener listener(watching_->watch());
  std::vector<Key> keys;
  for (const char* how : {R"("errorCode": 11602)", R"("errorCode": 91)", R"("errorCode": 43)",
                          R"("errorCode": 10107)", R"("closeConnection": true)"}) {
    SCOPED_TRACE(how);
    fail(R"("getMore")", how, 1);
    // The first one ends the read that is under way, so that the next one fails.
    for (const char* name : {"before", "meanwhile"}) {
      keys.push_back(Key::lock(std::string(name) + how));
      give_back(keys.back());
    }
    expect_freed(listener, keys.back());
  }
  EXPECT_EQ(listener.freed(), keys) << "each once";
  EXPECT_EQ(listener.anything(), 0);
  EXPECT_FALSE(listener.ended());
}

TEST_F(MongoWatch, what_happens_while_the_connection_is_down_is_hinted) {
  TcpProxy proxy(server_.port(), TcpProxy::Speech::bytes);
  const auto far = internal::open_mongo_store("mongodb://127.0.0.1:" +
                                                  std::to_string(proxy.port()) + "/" + database_ +
                                                  "?directConnection=true",
                                              {});
  Listener listener(far->watch());
  proxy.stall(TcpProxy::Way::to_client);
  give_back(key_);
  EXPECT_TRUE(listener.freed().empty());
  proxy.cut();
  proxy.pass();
  expect_freed(listener, key_);
  EXPECT_EQ(listener.anything(), 0);
}

TEST_F(MongoWatch, everybody_looks_when_the_server_has_forgotten_where_it_was) {
  Listener listener(watching_->watch());
  int looks = 0;
  for (const char* code : {"286", "280", "136"}) {
    SCOPED_TRACE(code);
    fail(R"("getMore", "aggregate")", std::string(R"("errorCode": )") + code, 2);
    give_back(key_);
    ++looks;
    EXPECT_TRUE(eventually([&] { return listener.anything() == looks; }));
    give_back(Key::lock(code));
    expect_freed(listener, Key::lock(code));
  }
  EXPECT_FALSE(listener.ended());
}

TEST_F(MongoWatch, a_stream_that_cannot_be_kept_open_ends) {
  Listener listener(watching_->watch());
  fail(R"("getMore")", R"("errorCode": 11602)", 100);
  give_back(key_);
  EXPECT_TRUE(eventually([&] { return listener.ended(); }));
}

TEST_F(MongoWatch, without_a_stream_just_now_it_says_why) {
  fail(R"("aggregate")", R"("errorCode": 11602)", 1);
  try {
    watching_->watch();
    ADD_FAILURE() << "there was no stream to be had";
  } catch (const StoreError& error) {
    EXPECT_EQ(error.outcome(), Outcome::unreachable);
  }
  EXPECT_TRUE(watching_->watch());
}

TEST_F(MongoWatch, a_cancelled_watch_ends_long_before_the_server_would_answer) {
  Listener listener(watching_->watch());
  give_back(key_);
  expect_freed(listener, key_);  // from here on it is quiet
  const auto before = Steady::now();
  listener.cancel();
  EXPECT_TRUE(eventually([&] { return listener.ended(); }));
  EXPECT_LT(Steady::now() - before, milliseconds(1000));
}

TEST(MongoWatchAlone, a_server_that_hangs_ends_the_hints_and_holds_up_no_cancel) {
  const auto server = Mongod::replica_set();
  const auto store = internal::open_mongo_store(server->uri("ops"), {});
  Listener listener(store->watch());
  Listener cancelled(store->watch());
  server->suspend();
  const auto before = Steady::now();
  cancelled.cancel();
  EXPECT_LT(Steady::now() - before, milliseconds(100));
  EXPECT_TRUE(eventually([&] { return listener.ended() && cancelled.ended(); }));
  server->resume();
  EXPECT_TRUE(eventually([&] {
    try {
      return store->watch() != nullptr;
    } catch (const StoreError&) {
      return false;
    }
  }));
}

TEST(MongoWatchAlone, a_standalone_server_has_no_hints) {
  EXPECT_EQ(internal::open_mongo_store(Mongod::shared_standalone().uri(fresh_database()), {})
                ->watch(),
            nullptr);
}

TEST(MongoWatchAlone, a_user_without_the_privilege_has_no_hints_and_is_told) {
  const auto server = Mongod::with_password();
  server->run_command(R"({"createRole": "holder", "roles": [], "privileges": [
                          {"resource": {"db": "ops", "collection": ""},
                           "actions": ["find", "insert", "update", "remove", "createIndex",
                                       "listIndexes"]}]})",
                      "ops");
  server->run_command(R"({"createUser": "holder", "pwd": "h", "roles": ["holder"]})", "ops");
  const auto store = internal::open_mongo_store(
      "mongodb://holder:h@127.0.0.1:" + std::to_string(server->port()) + "/ops", {});
  EXPECT_EQ(store->read(Key::lock("nightly")).outcome, Outcome::granted);
  try {
    store->watch();
    ADD_FAILURE() << "without the privilege";
  } catch (const StoreError& error) {
    EXPECT_EQ(error.outcome(), Outcome::denied);
    EXPECT_NE(std::string(error.what()).find("changeStream"), std::string::npos) << error.what();
  }
}

TEST(MongoWatchAlone, the_stream_leaves_a_member_that_is_cut_off_for_the_primary) {
  ReplicaSet set(ReplicaSet::Links::proxied);
  const auto store = internal::open_mongo_store(set.uri("ops"), {});
  store->maintain({});  // a stream over nothing at all has no place to go on from: all look instead
  Listener listener(store->watch());
  const int deaf = set.await_primary();
  set.partition(deaf, ReplicaSet::Direction::both, ReplicaSet::With::members);
  set.await_primary(deaf);
  const ClaimRequest request{.key = Key::lock("nightly"),
                             .holder = {.uuid = "u", .host = "h", .pid = 1},
                             .lease_id = internal::new_lease_id(),
                             .ttl = seconds(60)};
  ASSERT_TRUE(eventually([&] { return store->claim(request).outcome == Outcome::granted; }));
  const Lease lease{.key = request.key, .id = request.lease_id, .ttl = request.ttl};
  ASSERT_TRUE(eventually([&] { return store->release(lease).outcome == Outcome::granted; }));
  EXPECT_TRUE(eventually([&] { return listener.has_freed(request.key); }));
  // Another clock judges now: what has to stand still first must be seen soon.
  EXPECT_GE(listener.anything(), 1);
}

}  // namespace
}  // namespace mongoelector::test
