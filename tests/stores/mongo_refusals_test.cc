// Started against a wrong thing: it works right, or one line says what to do.
#include <array>
#include <chrono>

#include "mongoelector/error.h"
#include "stores/mongo_fixture.h"
#include "support/eventually.h"
#include "support/fake_mongod.h"

namespace mongoelector::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class MongoRefusals : public MongoStore {
 protected:
  static std::string refused(const std::string& uri, ConnectProblem problem) {
    try {
      internal::open_mongo_store(uri, {});
      ADD_FAILURE() << "opened " << uri;
      return "";
    } catch (const ConnectError& error) {
      const std::string message = error.what();
      EXPECT_EQ(error.problem(), problem) << message;
      EXPECT_EQ(message.find('\n'), std::string::npos) << message;
      return message;
    }
  }
  std::string refused(ConnectProblem problem) { return refused(server_.uri(database_), problem); }
  // Everything a lease needs, once.
  void expect_usable(const std::string& uri) {
    const auto store = internal::open_mongo_store(uri, {});
    const Lease lease = hold(*store, key_);
    EXPECT_EQ(store->renew({&lease, 1}).outcomes[0], Outcome::granted) << uri;
    EXPECT_TRUE(store->read(key_).record) << uri;
    EXPECT_EQ(store->release(lease).outcome, Outcome::granted) << uri;
  }
};

TEST_F(MongoRefusals, of_collections_that_cannot_hold_leases) {
  for (const char* collection : {"mongolocker", "elector.locks"}) {
    const std::string create = R"({"create": ")" + std::string(collection) + R"(", )";
    for (const auto& [rest, says] : std::initializer_list<std::array<std::string, 2>>{
             {R"("capped": true, "size": 4096})", "is a capped collection"},
             {R"("viewOn": "other", "pipeline": []})", "is a view"},
             {R"("timeseries": {"timeField": "ts_expire"}})", "is a time-series collection"},
             {R"("collation": {"locale": "en", "strength": 2}})", "has a collation"}}) {
      command(create + rest);
      const std::string message = refused(ConnectProblem::unsupported);
      EXPECT_NE(message.find(database_ + "." + collection + " " + says), std::string::npos)
          << message;
      command(R"({"drop": ")" + std::string(collection) + R"("})");
    }
  }
  expect_usable(server_.uri(database_));
}

std::string hello_of(int wire_version, const std::string& more = {}) {
  return R"({"ok": 1, "isWritablePrimary": true, "ismaster": true, "minWireVersion": 0,
             "maxWireVersion": )" + std::to_string(wire_version) +
         R"(, "maxBsonObjectSize": 16777216, "maxMessageSizeBytes": 48000000,
             "maxWriteBatchSize": 100000)" + more + "}";
}
constexpr char kRouter[] = R"(, "msg": "isdbgrid")";

TEST_F(MongoRefusals, of_servers_and_routers_before_4_4) {
  for (const int version : {5, 7, 8}) {
    for (const bool router : {false, true}) {
      const FakeMongod old({{"hello", hello_of(version, router ? kRouter : "")}});
      const std::string message = refused(old.uri("ops"), ConnectProblem::unsupported);
      if (version > 5) {  // else the driver says so, in its own words
        EXPECT_NE(message.find(router ? "the router" : "the server"), std::string::npos);
        EXPECT_NE(message.find("4.4"), std::string::npos) << message;
      }
    }
  }
}

TEST_F(MongoRefusals, of_a_collection_sharded_by_something_else) {
  const FakeMongod router(
      {{"hello", hello_of(17, kRouter)},
       {"listCollections",
        R"({"ok": 1, "cursor": {"id": 0, "ns": "ops.x", "firstBatch": []}})"},
       {"find", R"({"ok": 1, "cursor": {"id": {"$numberLong": "0"}, "ns": "config.collections",
                    "firstBatch": [{"_id": "ops.mongolocker", "key": {"host": 1}}]}})"}});
  const std::string message = refused(router.uri("ops"), ConnectProblem::unsupported);
  EXPECT_NE(message.find("ops.mongolocker is sharded"), std::string::npos) << message;
}

TEST_F(MongoRefusals, of_a_secondary_named_alone) {
  const auto members = Mongod::never_primaries(2);
  const auto host = [&](int i) { return "127.0.0.1:" + std::to_string(members[i]->port()); };
  members[0]->run_command(R"({"replSetInitiate": {"_id": "rs0", "settings":
      {"electionTimeoutMillis": 1000}, "members": [
      {"_id": 0, "host": ")" + host(0) + R"(", "priority": 2}, {"_id": 1, "host": ")" +
                          host(1) + R"(", "priority": 0}]}})");
  const std::string alone = "mongodb://" + host(1) + "/ops";
  ASSERT_TRUE(eventually([&] {
    return members[1]->run_command(R"({"hello": 1})").find(R"("secondary" : true)") !=
           std::string::npos;
  }));
  for (const char* options : {"", "?directConnection=true"}) {
    const std::string message = refused(alone + options, ConnectProblem::unreachable);
    EXPECT_NE(message.find("replicaSet="), std::string::npos) << message;
  }
  ASSERT_TRUE(eventually([&] {
    return members[0]->run_command(R"({"hello": 1})").find(R"("isWritablePrimary" : true)") !=
           std::string::npos;
  }));
  expect_usable(alone + "?replicaSet=rs0");
  const std::string other = refused(alone + "?replicaSet=rs1", ConnectProblem::unreachable);
  EXPECT_EQ(other.find("s3cret"), std::string::npos);
}

TEST_F(MongoRefusals, of_nothing_that_only_sounds_wrong) {
  const std::string uri = server_.uri(database_);
  for (const char* options :
       {"readPreference=secondary", "readPreference=nearest&readPreferenceTags=dc:ny",
        "readConcernLevel=linearizable", "readConcernLevel=available", "w=1", "w=0",
        "journal=false", "retryWrites=true&retryReads=true", "maxPoolSize=1", "compressors=zlib",
        "compressors=snappy,zstd", "directConnection=true", "socketTimeoutMS=1&connectTimeoutMS=1",
        "wtimeoutMS=1", "heartbeatFrequencyMS=60000"})
    expect_usable(uri + "&" + options);
  const std::string balanced = server_.uri(database_).substr(0, uri.find('?'));
  EXPECT_NE(refused(balanced + "?loadBalanced=true", ConnectProblem::denied)
                .find("load balanc"),
            std::string::npos);
  refused(uri + "&loadBalanced=true", ConnectProblem::bad_uri);
  refused(uri + "&compressors=lzma", ConnectProblem::bad_uri);
}

TEST_F(MongoRefusals, a_majority_that_needs_an_arbiter_is_warned_of_and_hangs_nobody) {
  const auto members = Mongod::never_primaries(3);
  const auto member = [&](int i, const char* more) {
    return R"({"_id": )" + std::to_string(i) + R"(, "host": "127.0.0.1:)" +
           std::to_string(members[i]->port()) + '"' + more + "}";
  };
  members[0]->run_command(R"({"replSetInitiate": {"_id": "rs0", "settings":
      {"electionTimeoutMillis": 1000}, "members": [)" + member(0, R"(, "priority": 2)") + ", " +
                          member(1, "") + ", " + member(2, R"(, "arbiterOnly": true)") + "]}}");
  ASSERT_TRUE(eventually([&] {
    return members[1]->run_command(R"({"hello": 1})").find(R"("secondary" : true)") !=
               std::string::npos &&
           members[0]->run_command(R"({"hello": 1})").find(R"("isWritablePrimary" : true)") !=
               std::string::npos;
  }));
  const auto store = internal::open_mongo_store(members[0]->uri("ops"), {});
  const StoreInfo info = store->info();
  ASSERT_EQ(info.warnings.size(), 1u) << info.detail;
  EXPECT_NE(info.warnings[0].find("only vote"), std::string::npos) << info.warnings[0];
  // A majority write: the members have met. A busy machine may not answer in time.
  ASSERT_TRUE(eventually([&] {
    try {
      store->maintain({});
      return true;
    } catch (const ConnectError&) {
      return false;
    }
  }));
  store->limit_calls(milliseconds(500));
  const Lease lease = hold(*store, key_);
  members[1]->kill();
  const auto before = std::chrono::steady_clock::now();
  const ClaimReply claim = store->claim(request(Key::lock("other")));
  EXPECT_EQ(claim.outcome, Outcome::unknown) << claim.detail;
  EXPECT_EQ(claim.detail.find('\n'), std::string::npos) << claim.detail;
  EXPECT_NE(store->renew({&lease, 1}).outcomes[0], Outcome::granted);
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(3));
}

}  // namespace
}  // namespace mongoelector::test
