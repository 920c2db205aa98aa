// One real server that freezes and thaws, sweeps, or loses its data under a living holder.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "mongoelector/mongoelector.h"
#include "support/eventually.h"
#include "support/mongod.h"

namespace mongoelector::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Steady = std::chrono::steady_clock;

class OneServer : public testing::Test {
 protected:
  ~OneServer() override { server_.resume(); }
  std::shared_ptr<Session> session() const { return connect(server_.uri(database_)); }
  std::string command(const std::string& what) const {
    return server_.run_command(what, database_);
  }
  bool there_is(const std::string& id) const {
    const std::string reply =
        command(R"({"count": "mongolocker", "query": {"_id": ")" + id + "\"}}");
    return reply.find(R"("n" : 1)") != std::string::npos;
  }

  Mongod& server_ = Mongod::shared_replica_set();
  const std::string database_ = fresh_database();
};

// What clients have sent to a stopped server is still in its sockets, and is executed when it runs
// again: long after everybody has given up on it.
TEST_F(OneServer, what_it_finds_waiting_after_a_freeze_takes_no_effect) {
  constexpr Duration kTtl = seconds(1);
  const auto holders = session();
  const auto rivals = session();
  std::atomic<int> lost{0};
  const auto count = [&](Token) { ++lost; };
  MongoLocker renewed(holders, "renewed", {.ttl = kTtl, .on_lost = count});
  MongoLocker released(holders, "released", {.ttl = kTtl});
  MongoLocker rival(rivals, "renewed", {.ttl = kTtl});
  renewed.acquire();
  released.acquire();
  server_.suspend();
  const auto frozen = Steady::now();
  EXPECT_FALSE(released.release());
  EXPECT_THROW(rival.acquire({.timeout = kTtl}), AcquireTimeout);
  ASSERT_TRUE(eventually([&] { return lost == 1; }));
  ASSERT_TRUE(eventually([&] { return Steady::now() > frozen + 3 * kTtl; }));
  server_.resume();

  const auto successors = session();
  MongoLocker next(successors, "renewed", {.ttl = kTtl, .on_lost = count});
  MongoLocker after_release(successors, "released", {.ttl = kTtl, .on_lost = count});
  const auto thawed = Steady::now();
  EXPECT_GT(next.acquire({.timeout = seconds(5)}), renewed.token());
  EXPECT_GT(after_release.acquire({.timeout = seconds(5)}), released.token());
  EXPECT_LT(Steady::now() - thawed, 2 * kTtl) << "an orphan stood longer than a ttl";
  // Old renewals and releases, retried until their ttl is over, do not touch these.
  const auto since = Steady::now();
  EXPECT_TRUE(eventually([&] { return Steady::now() > since + kTtl; }));
  EXPECT_TRUE(next.touch());
  EXPECT_TRUE(after_release.touch());
  EXPECT_EQ(lost, 1);
  EXPECT_FALSE(renewed.owned());
  EXPECT_FALSE(rival.owned());
}

TEST_F(OneServer, the_sweeper_of_expired_documents_leaves_a_lease_in_force_alone) {
  command(R"({"createIndexes": "mongolocker", "indexes": [
             {"key": {"ts_expire": 1}, "name": "ts_expire_1", "expireAfterSeconds": 0}]})");
  std::atomic<bool> lost{false};
  MongoLocker lock(session(), "nightly", {.ttl = seconds(1), .on_lost = [&](Token) {
                                            lost = true;
                                          }});
  const Token token = lock.acquire();
  for (const std::string id : {"first", "second"}) {
    command(R"({"insert": "mongolocker", "documents": [{"_id": ")" + id +
            R"(", "ts_expire": {"$date": "2020-01-01T00:00:00Z"}}]})");
    EXPECT_TRUE(eventually([&] { return !there_is(id); })) << "it does not sweep";
    EXPECT_TRUE(there_is("nightly"));
  }
  EXPECT_TRUE(lock.owned());
  EXPECT_EQ(lock.token(), token);
  EXPECT_FALSE(lost);
}

TEST_F(OneServer, a_dropped_collection_ends_the_term_at_the_next_renewal) {
  constexpr Duration kTtl = seconds(3);
  std::atomic<bool> lost{false};
  MongoElector elector(session(), "billing", {.ttl = kTtl, .onmasterloss = [&](const Term&) {
                                                lost = true;
                                              }});
  elector.start();
  ASSERT_TRUE(eventually([&] { return elector.ismaster(); }));
  const Token first = elector.term()->token();
  const auto dropped = Steady::now();
  command(R"({"drop": "elector.locks"})");
  ASSERT_TRUE(eventually([&] { return lost.load(); }));
  // Renewed every fifth of the ttl; at the latest with the deadline it would have ended anyway.
  EXPECT_LT(Steady::now() - dropped, kTtl / 5 + kTtl / 10 + milliseconds(250));
  ASSERT_TRUE(eventually([&] { return elector.ismaster(); }));
  EXPECT_GT(elector.term()->token(), first);
}

}  // namespace
}  // namespace mongoelector::test
