// History and control beside what others keep in the same database.
#include "stores/mongo_fixture.h"

namespace mongoelector::test {
namespace {

using std::chrono::seconds;

class MongoRecords : public MongoStore {
 protected:
  std::string count(const std::string& collection) const {
    return command(R"({"count": ")" + collection + R"("})");
  }
  const std::shared_ptr<LeaseStore> store_ = open();
  const Key election_ = Key::election("billing");
};

TEST_F(MongoRecords, stay_out_of_the_collections_that_python_reads) {
  ASSERT_EQ(store_->record_term({.key = election_, .token = Token(7)}).outcome, Outcome::granted);
  ASSERT_EQ(store_->write_control({.key = election_}).outcome, Outcome::granted);
  for (const char* theirs : {"elector.locks", "elector.status", "elector.leader_status",
                             "mongolocker"}) {
    EXPECT_NE(count(theirs).find(R"("n" : 0)"), std::string::npos) << theirs;
  }
  for (const char* ours : {"elector.history", "elector.control"})
    EXPECT_NE(count(ours).find(R"("n" : 1)"), std::string::npos) << ours;
}

TEST_F(MongoRecords, carry_the_servers_time) {
  ASSERT_EQ(store_->record_term({.key = election_, .token = Token(7), .start = WallTime{}}).outcome,
            Outcome::granted);
  const std::string reply = command(
      R"({"aggregate": "elector.history", "cursor": {}, "pipeline": [{"$match": {"$expr":
          {"$lt": [{"$abs": {"$subtract": ["$$NOW", "$ts_written"]}}, 60000]}}}]})");
  EXPECT_NE(reply.find(R"("token")"), std::string::npos) << reply;
  ASSERT_EQ(store_->write_control({.key = election_}).outcome, Outcome::granted);
  const WallTime shown = store_->read_control(election_).time;
  EXPECT_LT(std::chrono::abs(shown - *store_->info().time), seconds(60));
}

TEST_F(MongoRecords, that_are_damaged_are_left_out_or_told) {
  ASSERT_EQ(store_->record_term({.key = election_, .token = Token(7)}).outcome, Outcome::granted);
  command(R"({"update": "elector.history", "updates": [{"q": {}, "u": {"$set": {"start": 5}}}]})");
  const HistoryReply history = store_->history(election_, {}, 9);
  EXPECT_EQ(history.outcome, Outcome::granted);
  EXPECT_TRUE(history.rows.empty());
  for (const char* damaged :
       {R"({"version": 0})", R"({"version": 1, "pause": {"until": "soon"}})",
        R"({"version": 1, "stepdown": {"uuid": "u"}})", R"({"version": "1"})"}) {
    put("billing", damaged, "elector.control");
    EXPECT_EQ(store_->read_control(election_).outcome, Outcome::damaged) << damaged;
  }
  put("billing",
      R"({"version": 1, "pause": {"until": {"$toDate": {"$literal": 9223372036854775807}}}})",
      "elector.control");
  EXPECT_EQ(store_->read_control(election_).outcome, Outcome::damaged) << "beyond all times";
}

}  // namespace
}  // namespace mongoelector::test
