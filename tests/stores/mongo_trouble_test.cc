// A server that refuses, hangs, breaks off or does not confirm: what each verb says then, and that
// nothing is ever called ours that may not be.
#include <chrono>
#include <future>

#include "stores/mongo_fixture.h"
#include "support/eventually.h"

namespace mongoelector::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Steady = std::chrono::steady_clock;

class MongoTrouble : public MongoStore {
 protected:
  ~MongoTrouble() override { server_.stop_failing(); }

  // The next command of that name on store_ fails so.
  void fail_next(const std::string& name, const std::string& how) {
    server_.fail_commands(database_, R"("failCommands": [")" + name + R"("], )" + how);
  }
  // The failing point does not wait for the majority that a reader waits for.
  bool executed(const Key& key) {
    return eventually([&] { return other_->read(key).record.has_value(); });
  }
  Outcome renew(const Lease& lease) { return store_->renew({&lease, 1}).outcomes.at(0); }

  std::shared_ptr<LeaseStore> store_ = open({.application = database_});
  const std::shared_ptr<LeaseStore> other_ = open();
};

std::string error(int code) { return R"("errorCode": )" + std::to_string(code); }
std::string unconfirmed(int code) {
  return R"("writeConcernError": {"code": )" + std::to_string(code) + R"(, "errmsg": "slow"})";
}

struct Case {
  int code;
  Outcome write;
  Outcome read;
};
constexpr Case kRefusals[] = {{91, Outcome::unknown, Outcome::unreachable},
                              {10107, Outcome::unreachable, Outcome::unreachable},
                              {11602, Outcome::unknown, Outcome::unreachable},
                              {13, Outcome::denied, Outcome::denied}};

TEST_F(MongoTrouble, a_refused_verb_says_whether_it_may_have_happened) {
  for (const Case& refusal : kRefusals) {
    SCOPED_TRACE(refusal.code);
    const Lease lease = hold(*other_, Key::lock("code " + std::to_string(refusal.code)));
    // Some codes make the driver look for the primary anew, which may take a heartbeat.
    const auto fresh = [&] {
      store_ = open({.application = database_});
      return error(refusal.code);
    };
    fail_next("findAndModify", fresh());
    const ClaimReply claim = store_->claim(request(key_));
    EXPECT_EQ(claim.outcome, refusal.write);
    EXPECT_FALSE(claim.detail.empty());
    fail_next("update", fresh());
    EXPECT_EQ(renew(lease), refusal.write);
    fail_next("delete", fresh());
    EXPECT_EQ(store_->release(lease).outcome, refusal.write);
    fail_next("find", fresh());
    EXPECT_EQ(store_->read(lease.key).outcome, refusal.read);
    fail_next("find", fresh());
    EXPECT_EQ(store_->list(Kind::lock, "").outcome, refusal.read);
    EXPECT_TRUE(other_->read(lease.key).record) << "none of it was executed";
  }
  EXPECT_FALSE(other_->read(key_).record);
}

TEST_F(MongoTrouble, a_race_of_first_claims_is_tried_again) {
  const std::string duplicate =
      R"("failCommands": ["findAndModify"], "errorCode": 11000,
         "errorExtraInfo": {"keyPattern": {"_id": 1}, "keyValue": {"_id": "nightly"}})";
  server_.fail_commands(database_, duplicate, 2);
  const ClaimReply claim = store_->claim(request(key_));
  EXPECT_EQ(claim.outcome, Outcome::granted) << claim.detail;
  server_.fail_commands(database_, duplicate, 3);
  EXPECT_EQ(store_->claim(request(Key::lock("other"))).outcome, Outcome::held);
}

TEST_F(MongoTrouble, what_no_majority_confirmed_is_unknown_and_can_be_given_back) {
  const ClaimRequest mine = request(key_);
  fail_next("findAndModify", unconfirmed(64));
  const ClaimReply claim = store_->claim(mine);
  EXPECT_EQ(claim.outcome, Outcome::unknown) << claim.detail;
  EXPECT_FALSE(claim.token.known());
  EXPECT_TRUE(executed(key_));
  EXPECT_EQ(other_->claim(request(key_)).outcome, Outcome::held);
  fail_next("update", unconfirmed(64));
  EXPECT_EQ(renew(lease_of(mine, Token(1))), Outcome::unknown);
  fail_next("delete", unconfirmed(64));
  EXPECT_EQ(store_->release(lease_of(mine)).outcome, Outcome::unknown);
  EXPECT_EQ(store_->release(lease_of(mine)).outcome, Outcome::lost) << "it was removed then";
}

TEST_F(MongoTrouble, a_repeated_claim_after_an_unknown_one_is_the_same_lease) {
  const ClaimRequest mine = request(key_);
  fail_next("findAndModify", unconfirmed(91));
  ASSERT_EQ(store_->claim(mine).outcome, Outcome::unknown);
  EXPECT_TRUE(executed(key_));
  const auto before = other_->read(key_).record;
  const ClaimReply again = store_->claim(mine);
  EXPECT_EQ(again.outcome, Outcome::granted);
  EXPECT_TRUE(again.token.known());
  const auto after = other_->read(key_).record;
  ASSERT_TRUE(before && after);
  EXPECT_EQ(after->created_at, before->created_at);
}

TEST_F(MongoTrouble, a_closed_connection_leaves_a_write_unknown_and_the_store_usable) {
  const Lease lease = hold(*other_, Key::lock("held"));
  const std::string closed = R"("closeConnection": true)";
  fail_next("findAndModify", closed);
  EXPECT_EQ(store_->claim(request(key_)).outcome, Outcome::unknown);
  EXPECT_FALSE(other_->read(key_).record);
  ASSERT_TRUE(eventually([&] { return store_->read(key_).outcome == Outcome::granted; }));
  fail_next("find", closed);
  EXPECT_EQ(store_->read(key_).outcome, Outcome::unreachable);
  ASSERT_TRUE(eventually([&] { return store_->read(key_).outcome == Outcome::granted; }));
  fail_next("update", closed);
  EXPECT_EQ(renew(lease), Outcome::unknown);
  ASSERT_TRUE(eventually([&] { return renew(lease) == Outcome::granted; }));
}

TEST_F(MongoTrouble, a_claim_that_lands_after_its_timeout_can_be_given_back) {
  store_->limit_calls(milliseconds(200));
  ASSERT_EQ(store_->read(key_).outcome, Outcome::granted);
  const ClaimRequest mine = request(key_);
  fail_next("findAndModify", R"("blockConnection": true, "blockTimeMS": 700)");
  const auto before = Steady::now();
  EXPECT_EQ(store_->claim(mine).outcome, Outcome::unknown);
  EXPECT_LT(Steady::now() - before, milliseconds(600));
  ASSERT_TRUE(executed(key_));
  EXPECT_EQ(other_->read(key_).record->lease_id, mine.lease_id);
  ASSERT_TRUE(eventually(
      [&] { return store_->release(lease_of(mine)).outcome == Outcome::granted; }));
  EXPECT_FALSE(other_->read(key_).record);
}

TEST_F(MongoTrouble, a_renewal_whose_check_fails_calls_nothing_renewed_or_lost) {
  const Lease kept = hold(*store_, Key::lock("kept"));
  const Lease gone = hold(*store_, Key::lock("gone"));
  ASSERT_EQ(other_->release(gone).outcome, Outcome::granted);
  const std::vector<Lease> both{kept, gone};
  fail_next("find", error(11602));
  for (const Outcome outcome : store_->renew(both).outcomes)
    EXPECT_EQ(outcome, Outcome::unknown);
  EXPECT_EQ(store_->renew(both).outcomes, (std::vector{Outcome::granted, Outcome::lost}));
}

TEST_F(MongoTrouble, writes_wait_for_a_majority_but_not_for_ever_whatever_the_uri_says) {
  const auto store = internal::open_mongo_store(
      server_.uri(database_) + "&w=0&journal=false&retryWrites=true&readPreference=secondary", {});
  command(R"({"profile": 2})");
  hold(*store, key_);
  EXPECT_TRUE(store->read(key_).record);
  command(R"({"profile": 0})");
  const std::string profile = command(
      R"({"aggregate": "system.profile", "cursor": {}, "pipeline": [
          {"$match": {"command.writeConcern.w": "majority",
                      "command.writeConcern.wtimeout": {"$gt": 0},
                      "command.writeConcern.j": {"$ne": false}, "command.txnNumber": null,
                      "ns": {"$regex": "locker$"}}}, {"$count": "count"}]})");
  EXPECT_NE(profile.find(R"("count" : 1)"), std::string::npos) << profile;
}

TEST_F(MongoTrouble, a_stopped_server_bounds_every_verb_and_the_end_of_the_store) {
  const Lease lease = hold(*store_, key_);
  store_->limit_calls(milliseconds(200));
  ASSERT_EQ(store_->read(key_).outcome, Outcome::granted);
  server_.suspend();
  const auto timed = [](const auto& call) {
    const auto before = Steady::now();
    call();
    return Steady::now() - before;
  };
  EXPECT_LT(timed([&] { EXPECT_EQ(renew(lease), Outcome::unknown); }), seconds(1));
  EXPECT_LT(timed([&] { EXPECT_NE(store_->claim(request(key_)).outcome, Outcome::granted); }),
            seconds(1));
  EXPECT_LT(timed([&] { EXPECT_NE(store_->read(key_).outcome, Outcome::granted); }), seconds(1));
  EXPECT_LT(timed([&] { EXPECT_NE(store_->release(lease).outcome, Outcome::granted); }),
            seconds(1));
  auto hanging = std::async(std::launch::async, [store = store_] { return store->info(); });
  EXPECT_LT(timed([&] { store_.reset(); }), milliseconds(200));
  EXPECT_NE(hanging.get().outcome, Outcome::granted);
  server_.resume();
  EXPECT_TRUE(eventually([&] { return other_->read(key_).outcome == Outcome::granted; }));
}

}  // namespace
}  // namespace mongoelector::test
