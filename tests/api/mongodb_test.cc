// Lockers and electors on a real mongod, with real clocks: what the fake clock cannot show.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <future>
#include <regex>

#include "mongoelector/mongoelector.h"
#include "session/runtime.h"
#include "stores/mongo/mongo_store.h"
#include "support/eventually.h"
#include "support/faulty_store.h"
#include "support/mongod.h"
#include "support/process.h"

namespace mongoelector::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Steady = std::chrono::steady_clock;
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

bool has_hints(const std::shared_ptr<Session>& session) {
  return eventually([&] { return session->runtime()->waker().has_hints(); });
}

TEST_F(OnMongod, a_candidate_takes_over_long_before_it_would_poll) {
  const auto here = session();
  MongoElector first(session(), "billing", {.ttl = seconds(60)});
  MongoElector second(here, "billing", {.ttl = seconds(60)});
  first.start();
  ASSERT_TRUE(eventually([&] { return first.ismaster(); }));
  second.start();
  ASSERT_TRUE(has_hints(here));
  // Twelve seconds without hints; it may be looking right now.
  ASSERT_TRUE(eventually([&] { return second.pollwait() > seconds(13); }));
  const auto before = Steady::now();
  first.stop();
  ASSERT_TRUE(eventually([&] { return second.ismaster(); }));
  EXPECT_LT(Steady::now() - before, seconds(1));
}

TEST_F(OnMongod, a_waiter_gets_the_lock_long_before_it_would_look) {
  const auto store = std::make_shared<FaultyStore>(
      internal::open_mongo_store(server_->uri("ops"), {}));
  const auto here = std::make_shared<Session>(store);
  MongoLocker holder(session(), "nightly", {.ttl = seconds(60)});
  MongoLocker waiter(here, "nightly", {.ttl = seconds(60)});
  holder.acquire();
  auto waiting = std::async(std::launch::async,
                            [&] { return waiter.acquire({.step = seconds(50)}); });
  ASSERT_TRUE(has_hints(here));
  ASSERT_TRUE(eventually([&] { return store->calls(Verb::read) > 0; }));
  const auto before = Steady::now();
  EXPECT_TRUE(holder.release());
  EXPECT_GT(waiting.get(), holder.token());
  EXPECT_LT(Steady::now() - before, seconds(1));
}

TEST_F(OnMongod, wake_ups_come_back_after_the_server_was_away) {
  const auto here = session();
  MongoElector elector(here, "billing", {.ttl = seconds(60)});
  elector.start();
  ASSERT_TRUE(has_hints(here));
  server_->kill();
  ASSERT_TRUE(eventually([&] { return !here->runtime()->waker().has_hints(); }));
  server_->restart();
  EXPECT_TRUE(has_hints(here));
}

TEST_F(OnMongod, the_end_of_a_session_waits_for_no_wake_up) {
  const auto looks_at_indexes = [&] {
    const std::string status = server_->run_command(R"({"serverStatus": 1})");
    std::smatch total;
    const std::regex counter(R"re("listIndexes" : \{[^}]*"total" : \D*(\d+))re");
    EXPECT_TRUE(std::regex_search(status, total, counter));
    return total.empty() ? 0 : std::stoi(total[1]);
  };
  for (const bool hanging : {false, true}) {
    const int before_upkeep = looks_at_indexes();
    auto here = session();
    {
      MongoLocker holder(here, "nightly");
      holder.acquire();
      MongoLocker waiter(here, "nightly");
      EXPECT_THROW(waiter.acquire({.timeout = milliseconds(10)}), AcquireTimeout);
      ASSERT_TRUE(has_hints(here));
    }
    // Upkeep is a call like others, and the end waits for the one under way.
    ASSERT_TRUE(eventually([&] { return looks_at_indexes() == before_upkeep + 4; }));
    server_->run_command(R"({"ping": 1})");
    if (hanging) server_->suspend();
    const auto before = Steady::now();
    here.reset();
    EXPECT_LT(Steady::now() - before, milliseconds(500)) << hanging;
  }
  server_->resume();
}

TEST_F(OnMongod, programs_end_cleanly_whatever_the_driver_is_doing) {
  const auto run = [&](int number, bool hanging) {
    Process program({BRIEF_MASTER, server_->uri("ops"), std::to_string(number)});
    program.await_line("master");
    if (hanging) server_->suspend();
    program.signal(SIGUSR1);
    const Finished end = program.wait();
    if (hanging) server_->resume();
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_EQ(end.out + end.err, "master\nstopped\n");
  };
  for (int i = 0; i < 25; ++i) run(i, false);
  for (int i = 0; i < 2; ++i) run(i, true);
}

TEST(WithoutThePrivilege, wake_ups_are_missing_with_one_warning) {
  const auto server = Mongod::with_password();
  server->run_command(R"({"createRole": "holder", "roles": [], "privileges": [
                          {"resource": {"db": "ops", "collection": ""},
                           "actions": ["find", "insert", "update", "remove", "createIndex",
                                       "listIndexes"]}]})",
                      "ops");
  server->run_command(R"({"createUser": "holder", "pwd": "h", "roles": ["holder"]})", "ops");
  std::mutex mutex;
  std::vector<Event> warnings;
  const auto session =
      connect("mongodb://holder:h@127.0.0.1:" + std::to_string(server->port()) + "/ops",
              {.on_event = [&](const Event& event) {
                const std::lock_guard lock(mutex);
                if (event.kind == EventKind::store_warning) warnings.push_back(event);
              }});
  MongoElector elector(session, "billing", {.ttl = seconds(2)});
  elector.start();
  EXPECT_TRUE(eventually([&] { return elector.ismaster(); }));
  const auto warned = [&] {
    const std::lock_guard lock(mutex);
    return !warnings.empty();
  };
  ASSERT_TRUE(eventually(warned));
  EXPECT_NE(warnings.front().message.find("privilege"), std::string::npos)
      << warnings.front().message;
  EXPECT_FALSE(session->runtime()->waker().has_hints());
}

}  // namespace
}  // namespace mongoelector::test
