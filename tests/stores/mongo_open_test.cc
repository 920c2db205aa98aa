// Opening: names, indexes, privileges, and what info() says afterwards.
#include <chrono>

#include "mongoelector/error.h"
#include "stores/mongo_fixture.h"
#include "support/tcp_proxy.h"

namespace mongoelector::test {
namespace {

using std::chrono::seconds;

class MongoOpening : public MongoStore {
 protected:
  // Open, and its upkeep done.
  std::shared_ptr<LeaseStore> kept_up(ConnectOptions options = {}) const {
    auto store = open(std::move(options));
    store->maintain({});
    return store;
  }
  std::string indexes(const std::string& collection) const {
    const std::string reply = command(R"({"listIndexes": ")" + collection + R"("})");
    return reply.substr(0, reply.find(R"("ok" :)"));
  }
  void make_index(const std::string& rest) const {
    command(R"({"createIndexes": "mongolocker", "indexes": [{"key": {"ts_expire": 1}, )" + rest +
            "}]}");
  }
};

TEST_F(MongoOpening, makes_the_broom_with_two_days_of_grace) {
  const auto store = kept_up();
  for (const char* collection : {"mongolocker", "elector.locks"}) {
    const std::string made = indexes(collection);
    EXPECT_NE(made.find(R"("name" : "ts_expire_1", "expireAfterSeconds" : 172800)"),
              std::string::npos)
        << made;
  }
  EXPECT_TRUE(store->info().warnings.empty());
  EXPECT_TRUE(kept_up()->info().warnings.empty()) << "nor when it is there";
}

TEST_F(MongoOpening, keeps_terms_for_thirty_days_and_control_for_ever) {
  const auto store = kept_up();
  const std::string made = indexes("elector.history");
  EXPECT_NE(made.find(R"("name" : "ts_written_1", "expireAfterSeconds" : 2592000)"),
            std::string::npos)
      << made;
  ASSERT_EQ(store->write_control({.key = Key::election("billing")}).outcome, Outcome::granted);
  EXPECT_EQ(indexes("elector.control").find("expireAfterSeconds"), std::string::npos);
}

TEST_F(MongoOpening, makes_the_index_that_python_wants_for_a_python_fleet) {
  const auto store = kept_up({.python_fleet = PythonFleet::both});
  const std::string made = indexes("elector.locks");
  EXPECT_NE(made.find(R"("name" : "ts_expire_1", "expireAfterSeconds" : 0)"), std::string::npos)
      << made;
  EXPECT_TRUE(store->info().warnings.empty());
}

TEST_F(MongoOpening, leaves_a_foreign_index_and_says_what_it_weakens) {
  make_index(R"("name": "theirs", "expireAfterSeconds": 0)");
  const std::string before = indexes("mongolocker");
  const StoreInfo info = kept_up()->info();
  EXPECT_EQ(indexes("mongolocker"), before);
  ASSERT_EQ(info.warnings.size(), 1u);
  EXPECT_NE(info.warnings[0].find("mongolocker"), std::string::npos) << info.warnings[0];
  EXPECT_TRUE(kept_up({.python_fleet = PythonFleet::v0})->info().warnings.empty());
}

TEST_F(MongoOpening, leaves_an_index_of_any_name_that_sweeps_later_or_never) {
  for (const auto& [rest, warned] :
       {std::pair(R"("name": "theirs", "expireAfterSeconds": 200000)", false),
        {R"("name": "plain")", true}}) {
    make_index(rest);
    const std::string before = indexes("mongolocker");
    const StoreInfo info = kept_up()->info();
    EXPECT_EQ(indexes("mongolocker"), before);
    ASSERT_EQ(info.warnings.size(), warned ? 1u : 0u) << rest;
    for (const std::string& warning : info.warnings)
      EXPECT_NE(warning.find("not swept"), std::string::npos) << warning;
    command(R"({"dropIndexes": "mongolocker", "index": "*"})");
  }
}

TEST_F(MongoOpening, goes_on_when_the_name_of_the_index_is_taken) {
  command(R"({"createIndexes": "mongolocker", "indexes": [{"key": {"other": 1},
              "name": "ts_expire_1"}]})");
  const auto store = kept_up();
  const StoreInfo info = store->info();
  ASSERT_EQ(info.warnings.size(), 1u);
  EXPECT_NE(info.warnings[0].find("not swept"), std::string::npos) << info.warnings[0];
  hold(*store, key_);
}

TEST_F(MongoOpening, changes_nothing) {
  const auto store = open();
  store->read(key_);
  store->list(Kind::election, "");
  EXPECT_EQ(command(R"({"listCollections": 1})").find(R"("name" :)"), std::string::npos);
  EXPECT_TRUE(store->info().warnings.empty());
}

// Where a round trip takes long, whoever starts something waits for each of these.
TEST_F(MongoOpening, asks_once_before_the_first_claim) {
  TcpProxy counted(server_.port(), TcpProxy::Speech::mongodb);
  const auto store = internal::open_mongo_store(
      "mongodb://127.0.0.1:" + std::to_string(counted.port()) + "/" + database_ +
          "?directConnection=true",
      {});
  hold(*store, key_);
  auto commands = counted.counts().commands;
  commands.erase("hello");  // connecting, and monitors
  commands.erase("isMaster");
  EXPECT_EQ(commands, (std::map<std::string, int>{{"listCollections", 1}, {"findAndModify", 1}}));
}

TEST_F(MongoOpening, needs_no_index_later) {
  const auto store = kept_up();
  command(R"({"dropIndexes": "mongolocker", "index": "*"})");
  hold(*store, key_);
  EXPECT_TRUE(store->read(key_).record);
}

TEST_F(MongoOpening, takes_names_from_the_options_before_the_uri) {
  const std::string second = fresh_database();
  const auto store = open({.database = second, .lock_collection = "own.locks"});
  hold(*store, key_);
  EXPECT_NE(server_.run_command(R"({"count": "own.locks"})", second).find(R"("n" : 1)"),
            std::string::npos);
  server_.run_command(R"({"dropDatabase": 1})", second);
}

TEST_F(MongoOpening, keeps_no_locks_where_something_else_is_kept) {
  for (const char* prefix : {"", "a_"}) {
    for (const char* name : {"", "elector.locks", "elector.status", "system.users"}) {
      try {
        open({.lock_collection = name, .collection_prefix = prefix});
        ADD_FAILURE() << prefix << name;
      } catch (const ConnectError& error) {
        EXPECT_EQ(error.problem(), ConnectProblem::bad_uri) << error.what();
      }
    }
  }
}

TEST_F(MongoOpening, tells_where_it_is_without_the_user) {
  const StoreInfo info = open()->info();
  EXPECT_EQ(info.outcome, Outcome::granted);
  EXPECT_EQ(info.kind, "mongodb");
  EXPECT_EQ(info.topology, "replica_set");
  EXPECT_NE(info.location.find("127.0.0.1:" + std::to_string(server_.port())), std::string::npos);
  EXPECT_NE(info.location.find(database_), std::string::npos);
  EXPECT_NE(info.judge.find("127.0.0.1"), std::string::npos);
  ASSERT_TRUE(info.time);
  EXPECT_LT(std::chrono::abs(*info.time - std::chrono::system_clock::now()), seconds(5));
}

std::optional<ConnectProblem> problem(const std::string& uri) {
  try {
    internal::open_mongo_store(uri, {});
    return std::nullopt;
  } catch (const ConnectError& error) {
    return error.problem();
  }
}

TEST_F(MongoOpening, refuses_options_it_does_not_know) {
  const std::string uri = server_.uri(database_);
  EXPECT_EQ(problem(uri + "&tsl=true"), ConnectProblem::bad_uri);
  EXPECT_EQ(problem(uri + "&w=1&"), ConnectProblem::bad_uri);
  EXPECT_EQ(problem(uri + "&connectTimeoutMS=soon"), ConnectProblem::bad_uri);
  EXPECT_EQ(problem(uri + "&readPreference=secondary&w=0&retryWrites=true"), std::nullopt);
}

TEST(MongoPrivileges, that_suffice_for_one_database_do_not_open_another) {
  const auto server = Mongod::with_password();
  const std::string host = "app:s3cret@127.0.0.1:" + std::to_string(server->port());
  EXPECT_EQ(problem("mongodb://" + host + "/ops"), std::nullopt);
  EXPECT_EQ(problem("mongodb://" + host + "/other?authSource=ops"), ConnectProblem::denied);
  server->run_command(R"({"createUser": "reader", "pwd": "r", "roles":
                          [{"role": "read", "db": "ops"}]})",
                      "ops");
  const auto store = internal::open_mongo_store(
      "mongodb://reader:r@127.0.0.1:" + std::to_string(server->port()) + "/ops", {});
  EXPECT_EQ(store->read(Key::lock("nightly")).outcome, Outcome::granted);
  EXPECT_EQ(store->claim({.key = Key::lock("nightly"),
                          .holder = {.uuid = "u", .host = "h"},
                          .lease_id = LeaseId("l"),
                          .ttl = seconds(60)})
                .outcome,
            Outcome::denied);
}

}  // namespace
}  // namespace mongoelector::test
