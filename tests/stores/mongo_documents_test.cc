// What is in the documents, and which foreign ones may be taken.
#include <chrono>
#include <thread>

#include "stores/mongo_fixture.h"
#include "support/eventually.h"

namespace mongoelector::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kTypes[] =
    R"({"$map": {"input": {"$objectToArray": "$$ROOT"}, "as": "f",
                 "in": {"$concat": ["$$f.k", " ", {"$type": "$$f.v"}]}}})";

class MongoDocuments : public MongoStore {
 protected:
  std::shared_ptr<LeaseStore> store_ = open();

  // What claim and read say of a document that must never be taken.
  void expect_damaged(const std::string& key, const std::string& expression) {
    SCOPED_TRACE(expression);
    put(key, expression);
    const std::string before = ask(key, "\"$$ROOT\"");
    const ReadReply read = store_->read(Key::lock(key));
    EXPECT_EQ(read.outcome, Outcome::damaged);
    EXPECT_NE(read.detail.find(key), std::string::npos) << read.detail;
    EXPECT_EQ(store_->claim(request(Key::lock(key))).outcome, Outcome::damaged);
    EXPECT_EQ(ask(key, "\"$$ROOT\""), before);
  }
  // Whether a claim takes the key, which a read before must have foretold.
  bool taken(LeaseStore& store, const ClaimRequest& mine) {
    const ReadReply before = store.read(mine.key);
    const ClaimReply reply = store.claim(mine);
    EXPECT_TRUE(reply.outcome == Outcome::granted || reply.outcome == Outcome::held)
        << to_string(reply.outcome) << " " << reply.detail;
    const bool granted = reply.outcome == Outcome::granted;
    if (!mine.stood_still && before.record) {
      EXPECT_EQ(before.record->claimable, granted);
    }
    return granted;
  }
};

TEST_F(MongoDocuments, hold_the_seven_fields_of_python_with_their_types_and_ours) {
  hold(*store_, key_);
  const std::string types = ask("nightly", kTypes);
  for (const char* field :
       {"_id string", "locked bool", "host string", "uuid string", "pid int", "ts_created date",
        "ts_expire date", "lease_id string", "ttl_ms long", "v int", "judge string"})
    EXPECT_NE(types.find('"' + std::string(field) + '"'), std::string::npos)
        << field << " in " << types;
  EXPECT_EQ(ask("nightly", "\"$locked\""), "true");
  EXPECT_EQ(ask("nightly", R"({"$subtract": ["$ts_expire", "$ts_created"]})"), "60000");
}

TEST_F(MongoDocuments, store_the_token_with_the_first_renewal_and_keep_the_rest) {
  const Lease lease = hold(*store_, key_);
  EXPECT_EQ(ask("nightly", R"({"$type": "$token"})"), R"("missing")");
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(store_->renew({&lease, 1}).outcomes[0], Outcome::granted);
    EXPECT_EQ(ask("nightly", R"({"$type": "$token"})"), R"("timestamp")");
    EXPECT_EQ(store_->read(key_).record->token, lease.token);
  }
  EXPECT_EQ(ask("nightly", "\"$host\""), R"("host.example")");
}

TEST_F(MongoDocuments, of_a_name_alone_are_free) {
  put("nightly", R"({"_id": "$_id"})");
  const ReadReply read = store_->read(key_);
  EXPECT_EQ(read.outcome, Outcome::granted);
  EXPECT_FALSE(read.record);
  hold(*store_, key_);
  EXPECT_NE(ask("nightly", kTypes).find("ts_expire date"), std::string::npos);
}

TEST_F(MongoDocuments, that_are_not_understood_are_never_taken) {
  const std::string past = R"({"$subtract": ["$$NOW", 1800000]})";
  expect_damaged("no date", R"({"uuid": "u", "locked": true})");
  expect_damaged("a number", R"({"uuid": "u", "ts_expire": 5})");
  expect_damaged("a text", R"({"uuid": "u", "ts_expire": "soon"})");
  expect_damaged("null", R"({"uuid": "u", "ts_expire": null})");
  expect_damaged("no uuid", R"({"ts_expire": )" + past + "}");
  expect_damaged("a number for uuid", R"({"uuid": 7, "ts_expire": )" + past + "}");
  expect_damaged("a newer version",
                 R"({"uuid": "u", "v": 2, "lease_id": "x", "ts_expire": )" + past + "}");
  expect_damaged("no lease_id", R"({"uuid": "u", "v": 1, "ts_expire": )" + past + "}");
  hold(*store_, key_);
  put("nightly", R"({"$mergeObjects": ["$$ROOT", {"ttl_ms": "long", "ts_expire": )" + past + "}]}");
  EXPECT_EQ(store_->claim(request(key_)).outcome, Outcome::damaged);
  ClaimRequest forced = request(key_);
  forced.force = true;
  EXPECT_EQ(store_->claim(forced).outcome, Outcome::granted);
}

TEST_F(MongoDocuments, of_python_get_half_a_ttl_of_grace_and_at_least_a_second) {
  const auto python = [&](const std::string& expired_ms) {
    put("nightly", R"({"_id": "$_id", "locked": true, "host": "py", "uuid": "u",
                       "ts_created": "$$NOW",
                       "ts_expire": {"$subtract": ["$$NOW", )" + expired_ms + "]}}");
  };
  python("700");
  EXPECT_EQ(store_->claim(request(key_, seconds(1))).outcome, Outcome::held);
  python("1001");
  EXPECT_EQ(store_->claim(request(key_, seconds(15))).outcome, Outcome::held);
  EXPECT_EQ(store_->claim(request(key_, seconds(1))).outcome, Outcome::granted);
  python("7501");
  EXPECT_TRUE(taken(*store_, request(key_, seconds(15))));
  python("-60000");
  const auto record = store_->read(key_).record;
  ASSERT_TRUE(record);
  EXPECT_EQ(record->holder.host, "py");
  EXPECT_EQ(record->holder.pid, 0);
  EXPECT_TRUE(record->lease_id.empty());
  EXPECT_FALSE(taken(*store_, request(key_, seconds(15))));
  EXPECT_EQ(store_->break_lease(*record).outcome, Outcome::granted);
  EXPECT_EQ(ask("nightly", "1"), "no document");
}

TEST_F(MongoDocuments, of_another_judge_must_have_stood_still) {
  hold(*store_, key_);
  put("nightly", R"({"$mergeObjects": ["$$ROOT", {"judge": "db9:27017",
                     "ts_expire": {"$subtract": ["$$NOW", 5000]}}]})");
  EXPECT_FALSE(taken(*store_, request(key_)));
  const auto seen = store_->read(key_).record;
  ASSERT_TRUE(seen);
  EXPECT_LT(seen->remaining, Duration::zero());
  ClaimRequest mine = request(key_);
  mine.stood_still = RecordMark{mark_of(*seen).owner, mark_of(*seen).version + 1};
  EXPECT_FALSE(taken(*store_, mine)) << "renewed since";
  mine.stood_still = RecordMark{"somebody else", mark_of(*seen).version};
  EXPECT_FALSE(taken(*store_, mine)) << "another's";
  mine.stood_still = mark_of(*seen);
  // A renewal at a member whose clock is behind by just as much writes the very same expiry.
  mine.stood_still->judge = "db8:27017";
  EXPECT_FALSE(taken(*store_, mine)) << "renewed since, at another member";
  mine.stood_still = mark_of(*seen);
  EXPECT_TRUE(taken(*store_, mine));
}

TEST_F(MongoDocuments, standing_still_take_nothing_before_they_expire) {
  hold(*store_, key_);
  ClaimRequest mine = request(key_);
  mine.stood_still = mark_of(*store_->read(key_).record);
  EXPECT_FALSE(taken(*store_, mine));
}

TEST_F(MongoDocuments, must_always_have_stood_still_for_a_strict_takeover) {
  const auto strict = open({.takeover = Takeover::strict});
  for (const bool python : {false, true}) {
    hold(*strict, key_);
    const std::string fields =
        python ? R"({"_id": "$_id", "uuid": "u", "locked": true, "host": "py",
                     "ts_expire": {"$subtract": ["$$NOW", 60000]}})"
               : R"({"$mergeObjects": ["$$ROOT", {"ts_expire": {"$subtract": ["$$NOW", 1]}}]})";
    put("nightly", fields);
    EXPECT_FALSE(taken(*strict, request(key_)));
    ClaimRequest mine = request(key_);
    mine.stood_still = mark_of(*strict->read(key_).record);
    EXPECT_TRUE(taken(*strict, mine));
    strict->release(lease_of(mine));
  }
}

TEST_F(MongoDocuments, take_names_as_they_are) {
  for (const std::string name : {"$$NOW", "a.b", "$host", "$$ROOT"}) {
    ClaimRequest mine = request(Key::lock(name));
    mine.holder.uuid = name;
    mine.holder.host = name;
    mine.lease_id = LeaseId(name);
    ASSERT_EQ(store_->claim(mine).outcome, Outcome::granted) << name;
    EXPECT_EQ(ask(name, R"(["$uuid", "$host", "$lease_id"])"),
              "[ \"" + name + "\", \"" + name + "\", \"" + name + "\" ]");
    const Lease lease = lease_of(mine, Token(1));
    EXPECT_EQ(store_->renew({&lease, 1}).outcomes[0], Outcome::granted) << name;
    EXPECT_EQ(store_->release(lease).outcome, Outcome::granted) << name;
  }
}

TEST_F(MongoDocuments, are_replaced_by_python_at_any_time) {
  const Lease lease = hold(*store_, key_);
  put("nightly", R"({"_id": "$_id", "uuid": "u", "locked": true, "host": "py",
                     "ts_expire": {"$add": ["$$NOW", 60000]}})");
  EXPECT_EQ(store_->renew({&lease, 1}).outcomes[0], Outcome::lost);
  EXPECT_EQ(store_->release(lease).outcome, Outcome::lost);
  EXPECT_EQ(ask("nightly", "\"$host\""), R"("py")");
}

TEST_F(MongoDocuments, are_renewed_by_one_statement_whatever_their_number) {
  std::vector<Lease> leases;
  for (int i = 0; i < 40; ++i)
    leases.push_back(hold(*store_, Key::lock("many " + std::to_string(i))));
  store_->renew(leases);
  command(R"({"profile": 2})");
  const RenewReply reply = store_->renew(leases);
  command(R"({"profile": 0})");
  for (const Outcome outcome : reply.outcomes) EXPECT_EQ(outcome, Outcome::granted);
  const std::string count = command(
      R"({"aggregate": "system.profile", "cursor": {}, "pipeline": [
          {"$match": {"op": {"$in": ["update", "command", "query"]}, "ns": {"$regex": "locker$"}}},
          {"$group": {"_id": null, "count": {"$sum": 1}, "matched": {"$sum": "$nMatched"}}}]})");
  EXPECT_NE(count.find(R"("count" : 1, "matched" : 40)"), std::string::npos) << count;
}

TEST_F(MongoDocuments, give_tokens_that_are_the_time_of_the_write) {
  const Lease lease = hold(*store_, key_);
  const std::string entry = server_.run_command(
      R"({"find": "oplog.rs", "sort": {"$natural": -1}, "limit": 1,
          "filter": {"ns": ")" + database_ + R"(.mongolocker", "op": "i"},
          "projection": {"ts": 1}})",
      "local");
  const std::string expected = R"("t" : )" + std::to_string(lease.token.value() >> 32) +
                               R"(, "i" : )" + std::to_string(lease.token.value() & 0xffffffff);
  EXPECT_NE(entry.find(expected), std::string::npos) << expected << " in " << entry;
  command(R"({"drop": "mongolocker"})");
  EXPECT_GT(hold(*store_, key_).token, lease.token);
}

class MongoStandalone : public MongoStore {
 protected:
  MongoStandalone() = default;
  Mongod& alone_ = Mongod::shared_standalone();
  const std::shared_ptr<LeaseStore> store_ =
      internal::open_mongo_store(alone_.uri(database_), {});
  ~MongoStandalone() override { alone_.run_command(R"({"dropDatabase": 1})", database_); }
};

TEST_F(MongoStandalone, tokens_grow_though_every_lock_document_is_gone) {
  const Lease first = hold(*store_, key_);
  alone_.run_command(R"({"drop": "mongolocker"})", database_);
  const Lease second = hold(*store_, key_);
  EXPECT_GT(second.token, first.token);
  EXPECT_EQ(store_->read(key_).record->token, second.token);
}

TEST_F(MongoStandalone, a_claim_that_is_cut_off_before_its_token_was_never_granted) {
  const auto store = internal::open_mongo_store(alone_.uri(database_), {.application = "cut off"});
  const Token before = hold(*store, key_).token;
  ASSERT_EQ(store->break_lease(*store->read(key_).record).outcome, Outcome::granted);
  for (const char* step : {"findAndModify", "update"}) {
    // The counter is the second findAndModify, the confirmation the first update.
    const ClaimRequest mine = request(key_);
    alone_.run_command(R"({"configureFailPoint": "failCommand", "mode": {"skip": )" +
                       std::string(*step == 'f' ? "1" : "0") +
                       R"(}, "data": {"appName": "cut off", "failCommands": [")" + step +
                       R"("], "errorCode": 91}})");
    EXPECT_EQ(store->claim(mine).outcome, Outcome::unknown) << step;
    alone_.stop_failing();
    const ClaimReply again = store->claim(mine);
    EXPECT_EQ(again.outcome, Outcome::granted) << step;
    EXPECT_GT(again.token, before) << step;
    EXPECT_EQ(store->release(lease_of(mine)).outcome, Outcome::granted) << step;
  }
}

TEST_F(MongoStandalone, whoever_lost_the_lease_before_its_token_gets_none) {
  const auto store = internal::open_mongo_store(alone_.uri(database_), {.application = "slow"});
  const ClaimRequest mine = request(key_);
  alone_.run_command(R"({"configureFailPoint": "failCommand", "mode": "alwaysOn",
                         "data": {"appName": "slow", "failCommands": ["update"],
                                  "blockConnection": true, "blockTimeMS": 600}})");
  std::thread rival([&] {
    ClaimRequest forced = request(key_);
    forced.force = true;
    ASSERT_TRUE(eventually([&] {
      return alone_.run_command(R"({"count": "mongolocker.tokens"})", database_)
                 .find(R"("n" : 1)") != std::string::npos;
    }));
    EXPECT_EQ(store_->claim(forced).outcome, Outcome::granted);
  });
  EXPECT_EQ(store->claim(mine).outcome, Outcome::unknown);
  rival.join();
  alone_.stop_failing();
  EXPECT_EQ(store->claim(mine).outcome, Outcome::held);
}

}  // namespace
}  // namespace mongoelector::test
