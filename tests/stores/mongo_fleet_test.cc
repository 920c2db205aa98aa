// Status rows beside Python members: where, with which fields and types, and what is read of
// theirs.
#include <chrono>

#include "stores/mongo_fixture.h"

namespace mongoelector::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class MongoFleet : public MongoStore {
 protected:
  NodeStatus row() const {
    return {.uuid = internal::new_uuid(),
            .key = election_,
            .host = "host.example",
            .pid = 4711,
            .ttl = seconds(15),
            .ismaster = true,
            .lock_owned = true,
            .elector_running = true};
  }
  std::size_t count(const std::string& collection) const {
    const std::string reply = command(R"({"count": ")" + collection + R"("})");
    return std::stoul(reply.substr(reply.find(R"("n" : )") + 6));
  }

  const Key election_ = Key::election("billing");
};

TEST_F(MongoFleet, rows_go_where_that_fleet_looks) {
  struct Place {
    PythonFleet fleet;
    std::size_t old_rows;
    std::size_t new_rows;
  };
  for (const Place place : {Place{PythonFleet::none, 1, 0}, Place{PythonFleet::v0, 1, 0},
                            Place{PythonFleet::v1, 0, 1}, Place{PythonFleet::both, 1, 1}}) {
    const auto store = open({.python_fleet = place.fleet});
    const NodeStatus mine = row();
    ASSERT_EQ(store->report(mine).outcome, Outcome::granted);
    EXPECT_EQ(count("elector.status"), place.old_rows);
    EXPECT_EQ(count("elector.leader_status"), place.new_rows);
    EXPECT_EQ(store->members(election_).members.size(), 1u) << "once, wherever it is written";
    ASSERT_EQ(store->retire(election_, mine.uuid).outcome, Outcome::granted);
    EXPECT_EQ(count("elector.status") + count("elector.leader_status"), 0u);
  }
}

TEST_F(MongoFleet, rows_are_complete_and_typed_from_the_first_write) {
  const auto store = open();
  NodeStatus mine = row();
  ASSERT_EQ(store->report(mine).outcome, Outcome::granted);
  const std::string types = R"({"$map": {"input": {"$objectToArray": "$$ROOT"}, "as": "f",
                                "in": {"$concat": ["$$f.k", " ", {"$type": "$$f.v"}]}}})";
  const auto expect = [&](std::initializer_list<const char*> fields) {
    const std::string found = ask(mine.uuid, types, "elector.status");
    for (const char* field : fields)
      EXPECT_NE(found.find('"' + std::string(field) + '"'), std::string::npos)
          << field << " in " << found;
  };
  expect({"_id string", "uuid string", "key string", "host string", "pid int", "ttl int",
          "timestamp date", "lock_owned bool", "lock_created null", "lock_expires null",
          "ismaster bool", "is_leader bool", "elector_running bool", "last_poll null"});
  mine.ttl = milliseconds(2500);
  mine.app_version = "$$ROOT";
  mine.last_poll = mine.lock_created = mine.lock_expires = WallTime(seconds(1700000000));
  ASSERT_EQ(store->report(mine).outcome, Outcome::granted);
  expect({"ttl double", "lock_created date", "lock_expires date", "last_poll date",
          "app_version string"});
  const NodeStatus seen = store->members(election_).members.at(0);
  EXPECT_EQ(seen.ttl, mine.ttl);
  EXPECT_EQ(seen.app_version, "$$ROOT");
  EXPECT_EQ(seen.last_poll, mine.last_poll);
  EXPECT_EQ(seen.lock_expires, mine.lock_expires);
}

TEST_F(MongoFleet, rows_of_python_are_read_whatever_they_lack) {
  const auto store = open({.python_fleet = PythonFleet::both});
  put("p1", R"({"uuid": "p1", "key": "billing", "host": "py", "pid": 7, "ttl": 15,
                "timestamp": "$$NOW", "ismaster": true, "last_poll": null})",
      "elector.status");
  put("p2", R"({"uuid": "p2", "key": "billing", "ttl": 2.5, "is_leader": false,
                "timestamp": {"$subtract": ["$$NOW", 5000]}})",
      "elector.leader_status");
  put("p3", R"({"uuid": 3, "key": "billing", "ttl": "long", "timestamp": 5})", "elector.status");
  put("p4", R"({"uuid": "p4", "key": "another", "timestamp": "$$NOW"})", "elector.status");
  const MembersReply reply = store->members(election_);
  EXPECT_EQ(reply.outcome, Outcome::granted) << reply.detail;
  ASSERT_EQ(reply.members.size(), 3u);
  EXPECT_EQ(reply.members[0].uuid, "p1");
  EXPECT_TRUE(reply.members[0].ismaster);
  EXPECT_EQ(reply.members[0].pid, 7);
  EXPECT_EQ(reply.members[1].uuid, "p2");
  EXPECT_EQ(reply.members[1].ttl, milliseconds(2500));
}

TEST_F(MongoFleet, rows_are_read_of_fleets_that_we_do_not_write_for) {
  const auto store = open();
  put("p1", R"({"uuid": "p1", "key": "billing", "timestamp": "$$NOW"})", "elector.leader_status");
  const NodeStatus mine = row();
  ASSERT_EQ(store->report(mine).outcome, Outcome::granted);
  EXPECT_EQ(store->members(election_).members.size(), 2u);
}

TEST_F(MongoFleet, another_prefix_is_another_place_for_everything) {
  const auto ours = open({.collection_prefix = "a_"});
  hold(*ours, Key::lock("nightly"));
  hold(*ours, election_);
  ASSERT_EQ(ours->report(row()).outcome, Outcome::granted);
  EXPECT_EQ(count("a_mongolocker") + count("a_elector.locks") + count("a_elector.status"), 3u);
  const auto other = open();
  EXPECT_FALSE(other->read(Key::lock("nightly")).record);
  EXPECT_FALSE(other->read(election_).record);
  EXPECT_TRUE(other->members(election_).members.empty());
}

TEST_F(MongoFleet, only_the_row_of_that_election_and_node_is_retired) {
  const auto store = open();
  const NodeStatus mine = row();
  ASSERT_EQ(store->report(mine).outcome, Outcome::granted);
  EXPECT_EQ(store->retire(Key::election("another"), mine.uuid).outcome, Outcome::lost);
  EXPECT_EQ(store->retire(election_, internal::new_uuid()).outcome, Outcome::lost);
  EXPECT_EQ(count("elector.status"), 1u);
}

}  // namespace
}  // namespace mongoelector::test
