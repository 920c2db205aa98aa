// Every error of the outcome table on a real server, in every phase: what the verb says, what
// really happened, and that nothing is left behind that nobody knows of.
#include "stores/mongo/outcomes.h"

#include <chrono>
#include <atomic>
#include <optional>

#include "mongoelector/mongoelector.h"
#include "stores/mongo_fixture.h"
#include "support/eventually.h"
#include "support/tcp_proxy.h"

namespace mongoelector::test {
namespace {

using internal::mongo::Failure;
using internal::mongo::Phase;
using internal::mongo::Source;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kRefused[] = {6,    7,     89,    91,    189,   10107, 11600, 11602, 13435,
                            13436, 9001, 262,   24,    50,    11000, 13};
constexpr int kUnconfirmed[] = {64, 91, 100, 189, 50};
constexpr Duration kShortBudget = milliseconds(200);

struct Fault {
  std::string name;
  Source source;
  int code = 0;
  bool executed = false;  // the server does it all the same
  std::string fail_command = {};  // data of failCommand; empty: the reply is swallowed
  int times = 1;
};

std::vector<Fault> faults() {
  std::vector<Fault> all;
  for (const int code : kRefused) {
    const bool duplicate = code == 11000;
    all.push_back({.name = "error " + std::to_string(code),
                   .source = Source::server,
                   .code = code,
                   .fail_command = R"("errorCode": )" + std::to_string(code) +
                                   (duplicate ? R"(, "errorExtraInfo": {"keyPattern": {"_id": 1},
                                                      "keyValue": {"_id": "x"}})"
                                              : ""),
                   .times = duplicate ? 3 : 1});  // a race of first claims is tried again, twice
  }
  for (const int code : kUnconfirmed) {
    all.push_back({.name = "write concern error " + std::to_string(code),
                   .source = Source::write_concern,
                   .code = code,
                   .executed = true,
                   .fail_command = R"("writeConcernError": {"code": )" + std::to_string(code) +
                                   R"(, "errmsg": "not confirmed"})"});
  }
  all.push_back({.name = "connection closed before",
                 .source = Source::network,
                 .fail_command = R"("closeConnection": true)"});
  all.push_back({.name = "blocked beyond the timeout",
                 .source = Source::network,
                 .executed = true,
                 .fail_command = R"("blockConnection": true, "blockTimeMS": 300)"});
  all.push_back({.name = "reply swallowed", .source = Source::network, .executed = true});
  return all;
}

class EveryFault : public MongoStore {
 protected:
  ~EveryFault() override { server_.stop_failing(); }

  // A store through the proxy whose next `command` fails so. Made anew each time: after some of
  // these the driver first looks for its server again, which takes a heartbeat.
  std::shared_ptr<LeaseStore> failing(const Fault& fault, const std::string& command) {
    server_.stop_failing();
    const auto store = internal::open_mongo_store(
        "mongodb://127.0.0.1:" + std::to_string(proxy_.port()) + "/" + database_ +
            "?directConnection=true",
        {.application = database_});
    store->limit_calls(kShortBudget);
    EXPECT_EQ(store->read(Key::lock("warm")).outcome, Outcome::granted);
    if (fault.fail_command.empty()) {
      proxy_.swallow_replies(command);
    } else {
      server_.fail_commands(database_, R"("failCommands": [")" + command + R"("], )" +
                                           fault.fail_command, fault.times);
    }
    return store;
  }
  std::optional<Record> stands(const Key& key) {
    const ReadReply reply = side_->read(key);
    EXPECT_EQ(reply.outcome, Outcome::granted) << reply.detail;
    return reply.record;
  }
  static Outcome expected(const Fault& fault, Phase phase) {
    return outcome_of({.source = fault.source, .code = fault.code}, phase);
  }
  static Outcome renew(LeaseStore& store, const Lease& lease) {
    return store.renew({&lease, 1}).outcomes.at(0);
  }

  const std::shared_ptr<LeaseStore> side_ = open();
  TcpProxy proxy_{server_.port(), TcpProxy::Speech::mongodb};
};

TEST_F(EveryFault, in_a_claim) {
  for (const Fault& fault : faults()) {
    SCOPED_TRACE(fault.name);
    const ClaimRequest mine = request(Key::lock("claim, " + fault.name));
    const auto store = failing(fault, "findAndModify");
    const ClaimReply reply = store->claim(mine);
    EXPECT_EQ(reply.outcome, expected(fault, Phase::claim)) << reply.detail;
    EXPECT_NE(reply.outcome, Outcome::granted);
    EXPECT_FALSE(reply.token.known());
    EXPECT_FALSE(reply.detail.empty() && reply.outcome != Outcome::held);
    if (fault.executed) {
      // Nobody says "it did not happen" of what did.
      EXPECT_EQ(reply.outcome, Outcome::unknown);
      EXPECT_TRUE(eventually([&] { return stands(mine.key).has_value(); }));
      EXPECT_EQ(side_->claim(request(mine.key)).outcome, Outcome::held);
    } else {
      EXPECT_FALSE(stands(mine.key));
    }
    // Repeating it under the same name resolves it ...
    const ClaimReply again = side_->claim(mine);
    EXPECT_EQ(again.outcome, Outcome::granted) << again.detail;
    EXPECT_TRUE(again.token.known());
    ASSERT_TRUE(stands(mine.key));
    EXPECT_EQ(stands(mine.key)->lease_id, mine.lease_id);
    // ... and giving it up leaves nothing.
    EXPECT_EQ(side_->release(lease_of(mine)).outcome, Outcome::granted);
    EXPECT_FALSE(stands(mine.key));
  }
}

TEST_F(EveryFault, in_a_renewal) {
  for (const Fault& fault : faults()) {
    SCOPED_TRACE(fault.name);
    const Lease lease = hold(*side_, Key::lock("renew, " + fault.name));
    const auto store = failing(fault, "update");
    EXPECT_EQ(renew(*store, lease), expected(fault, Phase::renew));
    ASSERT_TRUE(stands(lease.key));
    EXPECT_EQ(renew(*side_, lease), Outcome::granted);
    EXPECT_EQ(stands(lease.key)->token, lease.token);
  }
}

TEST_F(EveryFault, in_a_release) {
  for (const Fault& fault : faults()) {
    SCOPED_TRACE(fault.name);
    const Lease lease = hold(*side_, Key::lock("release, " + fault.name));
    const auto store = failing(fault, "delete");
    const ReleaseReply reply = store->release(lease);
    EXPECT_EQ(reply.outcome, expected(fault, Phase::release)) << reply.detail;
    if (fault.executed) {
      EXPECT_EQ(reply.outcome, Outcome::unknown);
      EXPECT_TRUE(eventually([&] { return !stands(lease.key); }));
    } else {
      EXPECT_TRUE(stands(lease.key));
    }
    EXPECT_EQ(side_->release(lease).outcome,
              fault.executed ? Outcome::lost : Outcome::granted);
  }
}

TEST_F(EveryFault, in_a_read) {
  const Lease lease = hold(*side_, key_);
  for (const Fault& fault : faults()) {
    if (fault.source == Source::write_concern) continue;  // a read has none
    SCOPED_TRACE(fault.name);
    const auto store = failing(fault, "find");
    const ReadReply reply = store->read(key_);
    EXPECT_EQ(reply.outcome, expected(fault, Phase::read)) << reply.detail;
    EXPECT_FALSE(reply.record);
  }
  EXPECT_EQ(stands(key_)->lease_id, lease.id);
}

// The same from the outside, where it counts.
class LostReplies : public EveryFault {
 protected:
  std::shared_ptr<Session> session() {
    return connect("mongodb://127.0.0.1:" + std::to_string(proxy_.port()) + "/" + database_ +
                   "?directConnection=true");
  }
};

TEST_F(LostReplies, an_attempt_that_may_have_won_is_undone) {
  MongoLocker lock(session(), "nightly", {.ttl = seconds(10)});
  proxy_.swallow_replies("findAndModify");
  try {
    lock.acquire({.blocking = false});
    FAIL() << "an ambiguous answer was taken for a lock";
  } catch (const StoreError& error) {
    EXPECT_EQ(error.outcome(), Outcome::unknown);
  }
  EXPECT_FALSE(lock.owned());
  EXPECT_TRUE(eventually([&] { return !stands(key_); }, seconds(5)));
}

TEST_F(LostReplies, a_waiter_repeats_the_same_lease_and_gets_it) {
  MongoLocker lock(session(), "nightly", {.ttl = seconds(10)});
  proxy_.swallow_replies("findAndModify");
  const Token token = lock.acquire({.timeout = seconds(5)});
  const auto record = stands(key_);
  ASSERT_TRUE(record);
  EXPECT_TRUE(token.known());
  EXPECT_TRUE(lock.owned());
  EXPECT_EQ(proxy_.counts().commands["findAndModify"], 2);
  EXPECT_TRUE(lock.release());
  EXPECT_FALSE(stands(key_));
}

TEST_F(LostReplies, a_candidate_is_elected_once_and_leaves_nothing) {
  const Key key = Key::election("billing");
  std::atomic<int> elected{0};
  MongoElector elector(session(), "billing",
                       {.ttl = seconds(5), .onmaster = [&](const Term&) { ++elected; }});
  proxy_.swallow_replies("findAndModify");
  elector.start();
  ASSERT_TRUE(eventually([&] { return elector.ismaster() && elected > 0; }));
  EXPECT_EQ(elected, 1);
  proxy_.swallow_replies("delete");
  elector.stop();
  EXPECT_TRUE(eventually([&] { return !stands(key); }, seconds(5)));
  EXPECT_EQ(elected, 1);
}

TEST_F(LostReplies, a_renewal_without_a_reply_costs_nothing_while_the_lease_is_good) {
  std::atomic<bool> lost{false};
  MongoLocker lock(session(), "nightly", {.ttl = seconds(5), .on_lost = [&](Token) {
                                            lost = true;
                                          }});
  lock.acquire();
  proxy_.swallow_replies("update");
  ASSERT_TRUE(eventually([&] { return proxy_.counts().swallowed == 1; }));
  const Duration left = lock.remaining();
  EXPECT_TRUE(eventually([&] { return lock.remaining() > left; }, seconds(4)));
  EXPECT_FALSE(lost);
  EXPECT_TRUE(lock.release());
}

}  // namespace
}  // namespace mongoelector::test
