// A MongoDB store beside somebody who looks at, and changes, its documents without it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/ids.h"
#include "mongoelector/options.h"
#include "stores/mongo/mongo_store.h"
#include "support/mongod.h"

namespace mongoelector::test {

class MongoStore : public testing::Test {
 protected:
  ~MongoStore() override { server_.run_command(R"({"dropDatabase": 1})", database_); }

  std::shared_ptr<LeaseStore> open(ConnectOptions options = {}) const {
    return internal::open_mongo_store(server_.uri(database_), options);
  }
  static ClaimRequest request(const Key& key, Duration ttl = std::chrono::seconds(60)) {
    return {.key = key,
            .holder = {.uuid = internal::new_uuid(), .host = "host.example", .pid = 4711},
            .lease_id = internal::new_lease_id(),
            .ttl = ttl};
  }
  static Lease lease_of(const ClaimRequest& request, Token token = {}) {
    return {.key = request.key, .id = request.lease_id, .token = token, .ttl = request.ttl};
  }
  Lease hold(LeaseStore& store, const Key& key) const {
    const ClaimRequest mine = request(key);
    ClaimReply reply = store.claim(mine);
    // A busy machine may not answer in time; a repeat is the same lease.
    for (int i = 0; reply.outcome == Outcome::unknown && i < 20; ++i) reply = store.claim(mine);
    EXPECT_EQ(reply.outcome, Outcome::granted) << reply.detail;
    return lease_of(mine, reply.token);
  }

  // The document of `key` becomes what the aggregation expression makes of it.
  void put(const std::string& key, const std::string& expression,
           const std::string& collection = "mongolocker") const {
    command(R"({"update": ")" + collection + R"(", "updates": [{"q": {"_id": ")" + key +
            R"("}, "u": [{"$replaceWith": )" + expression + R"(}], "upsert": true}]})");
  }
  // The value of an aggregation expression on the document of `key`, as JSON.
  std::string ask(const std::string& key, const std::string& expression,
                  const std::string& collection = "mongolocker") const {
    const std::string reply =
        command(R"({"aggregate": ")" + collection +
                R"(", "cursor": {}, "pipeline": [{"$match": {"_id": {"$eq": ")" + key +
                R"("}}}, {"$project": {"_id": 0, "x": )" + expression + "}}]}");
    const std::size_t begin = reply.find(R"({ "x" : )");
    if (begin == std::string::npos) return "no document";
    return reply.substr(begin + 8, reply.find(" } ]", begin) - begin - 8);
  }
  std::string command(const std::string& what) const {
    return server_.run_command(what, database_);
  }

  Mongod& server_ = Mongod::shared_replica_set();
  const std::string database_ = fresh_database();
  const Key key_ = Key::lock("nightly");
};

}  // namespace mongoelector::test
