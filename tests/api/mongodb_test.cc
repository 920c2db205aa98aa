// Lockers and electors on a real mongod, with real clocks: what the fake clock cannot show.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <regex>

#include "mongoelector/mongoelector.h"
#include "support/eventually.h"
#include "support/mongod.h"

namespace mongoelector::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Wall = std::chrono::system_clock;

class OnMongod : public testing::Test {
 protected:
  std::shared_ptr<Session> session() { return connect(server_->uri("ops")); }
  Wall::time_point expiry(const std::string& key) {
    const std::string reply = server_->run_command(
        R"({"aggregate": "elector.locks", "cursor": {}, "pipeline": [{"$match": {"_id": ")" + key +
            R"("}}, {"$project": {"ms": {"$toLong": "$ts_expire"}}}]})",
        "ops");
    std::smatch found;
    EXPECT_TRUE(std::regex_search(reply, found, std::regex(R"re("ms" : (\d+))re"))) << reply;
    return Wall::time_point(milliseconds(std::stoll(found[1])));
  }

  std::unique_ptr<Mongod> server_ = Mongod::replica_set();
};

TEST_F(OnMongod, a_stopped_server_ends_the_term_before_the_lease_ends_there) {
  std::atomic<Wall::rep> lost_at{0};
  MongoElector elector(session(), "billing", {.ttl = seconds(2), .onmasterloss = [&](const Term&) {
                                                lost_at = Wall::now().time_since_epoch().count();
                                              }});
  elector.start();
  ASSERT_TRUE(eventually([&] { return elector.ismaster(); }));
  const std::stop_token ended = elector.term()->stop_token();
  server_->suspend();
  ASSERT_TRUE(eventually([&] { return lost_at != 0; }));
  EXPECT_FALSE(elector.ismaster());
  EXPECT_TRUE(ended.stop_requested());
  const auto bound = elector.stop_bound();
  const auto before = Wall::now();
  elector.stop();
  EXPECT_LE(Wall::now() - before, bound + milliseconds(500));
  // Only when nothing that was on its way can prolong it any more does its expiry say something.
  ASSERT_TRUE(eventually(
      [&] { return Wall::now() > Wall::time_point(Wall::duration(lost_at)) + seconds(2); }));
  server_->resume();
  EXPECT_LT(Wall::time_point(Wall::duration(lost_at)), expiry("billing"));
}

TEST_F(OnMongod, a_lock_is_lost_in_time_when_the_server_dies) {
  std::atomic<bool> lost{false};
  MongoLocker lock(session(), "nightly",
                   {.ttl = seconds(2), .on_lost = [&](Token) { lost = true; }});
  lock.acquire();
  const auto held_until = Wall::now() + seconds(2);
  server_->kill();
  ASSERT_TRUE(eventually([&] { return lost.load(); }));
  EXPECT_FALSE(lock.owned());
  // Renewals may have been confirmed up to the kill, but not after it.
  EXPECT_LT(Wall::now(), held_until);
  EXPECT_FALSE(lock.release());
}

TEST_F(OnMongod, a_clean_stop_hands_over_and_tokens_grow) {
  MongoElector first(session(), "billing", {.ttl = seconds(5)});
  MongoElector second(session(), "billing", {.ttl = seconds(5)});
  first.start();
  ASSERT_TRUE(eventually([&] { return first.ismaster(); }));
  const Token token = first.term()->token();
  second.start();
  second.poll();
  EXPECT_FALSE(second.ismaster());
  first.stop();
  ASSERT_TRUE(eventually([&] { return second.ismaster(); }));
  EXPECT_GT(second.term()->token(), token);
  const ClusterDetail detail = second.cluster_detail();
  ASSERT_TRUE(detail.master);
  EXPECT_EQ(detail.master->uuid, second.node_status().uuid);
}

TEST_F(OnMongod, a_waiter_gets_the_lock_when_it_is_given_back) {
  MongoLocker holder(session(), "nightly");
  MongoLocker waiter(session(), "nightly");
  holder.acquire();
  auto waiting = std::async(std::launch::async, [&] { return waiter.acquire(); });
  EXPECT_TRUE(holder.release());
  EXPECT_GT(waiting.get(), holder.token());
}

}  // namespace
}  // namespace mongoelector::test
