// Priorities: who leads when several could, and what a lower one costs.
#include <chrono>

#include "api/elector_fixture.h"
#include "mongoelector/error.h"

namespace mongoelector::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// ttl 10 s, so a poll is 2 s.
class Priority : public Elector {
 protected:
  ElectorOptions at(int priority, const std::string& label) {
    ElectorOptions options{.ttl = seconds(10), .priority = priority, .label = label};
    return options;
  }
  std::string who_leads() const {
    const auto record = memory_->read(key_).record;
    return record && !record->claimable ? record->holder.label : "";
  }
};

TEST_F(Priority, after_a_clean_release_the_preferred_one_leads) {
  for (const bool hints : {true, false}) {
    store_->send_hints(hints);
    const auto place = session();
    MongoElector leader(place, key_.name(), at(0, "leader"));
    leader.start();
    ASSERT_TRUE(leads(leader));
    MongoElector low(place, key_.name(), at(-2, "low"));
    MongoElector lower(place, key_.name(), at(-5, "lower"));
    MongoElector preferred(place, key_.name(), at(0, "preferred"));
    lower.start();
    low.start();
    preferred.start();
    for (MongoElector* one : {&low, &lower, &preferred}) one->poll();
    leader.stop();
    EXPECT_TRUE(in_time(seconds(5), [&] { return !who_leads().empty(); }));
    EXPECT_EQ(who_leads(), "preferred");
    preferred.stop();
    EXPECT_TRUE(in_time(seconds(9), [&] { return !who_leads().empty(); }));
    EXPECT_EQ(who_leads(), "low");
  }
}

TEST_F(Priority, alone_it_leads_once_the_others_had_their_time) {
  MongoElector low(session_, key_.name(), at(-2, "low"));
  low.start();
  low.poll();
  EXPECT_FALSE(in_time(milliseconds(3900), [&] { return low.ismaster(); }));
  EXPECT_TRUE(in_time(milliseconds(500), [&] { return low.ismaster(); }));
}

TEST_F(Priority, a_crash_is_taken_over_within_ttl_poll_and_the_own_delay) {
  ASSERT_EQ(memory_->claim({.key = key_, .holder = {.uuid = "gone"}, .lease_id = LeaseId("gone"),
                            .ttl = seconds(10)})
                .outcome,
            Outcome::granted);
  MongoElector low(session_, key_.name(), at(-3, "low"));
  low.start();
  EXPECT_FALSE(in_time(seconds(15), [&] { return low.ismaster(); }));
  EXPECT_TRUE(in_time(seconds(3), [&] { return low.ismaster(); }));
}

TEST_F(Priority, nobody_living_is_thrown_out) {
  MongoElector low(session_, key_.name(), at(-1, "low"));
  low.start();
  ASSERT_TRUE(in_time(seconds(3), [&] { return low.ismaster(); }));
  MongoElector preferred(session_, key_.name(), at(0, "preferred"));
  preferred.start();
  EXPECT_FALSE(in_time(seconds(8), [&] { return !low.ismaster(); }));
}

TEST_F(Priority, the_successor_that_was_asked_for_does_not_wait) {
  MongoElector leader(session_, key_.name(), at(0, "leader"));
  leader.start();
  ASSERT_TRUE(leads(leader));
  MongoElector low(session_, key_.name(), at(-10, "low"));
  low.start();
  low.poll();
  const WallTime now = clock_->wall();
  ASSERT_EQ(memory_->write_control({.key = key_,
                                    .stepdown = StepDown{.uuid = leader.node_status().uuid,
                                                         .to = "low",
                                                         .at = now,
                                                         .until = now + seconds(60)}})
                .outcome,
            Outcome::granted);
  EXPECT_TRUE(in_time(seconds(1), [&] { return low.ismaster(); }));
}

TEST_F(Priority, the_default_claims_at_once_and_looks_no_more_often) {
  MongoElector plain(session_, key_.name(), at(0, "plain"));
  plain.start();
  ASSERT_TRUE(leads(plain));
  EXPECT_EQ(store_->calls(Verb::read), 1);
  MongoElector low(session_, Key::election("other").name(), at(-2, "low"));
  low.start();
  ASSERT_TRUE(in_time(seconds(5), [&] { return low.ismaster(); }));
  EXPECT_EQ(store_->calls(Verb::read), 3) << "one look more, when its time has come";
}

TEST_F(Priority, the_status_row_tells_it) {
  MongoElector low(session_, key_.name(), at(-4, "low"));
  EXPECT_EQ(low.node_status().priority, -4);
}

TEST_F(Priority, what_is_out_of_bounds_is_refused) {
  for (const int priority : {1, 100, -11}) {
    EXPECT_THROW(MongoElector(session_, key_.name(), at(priority, "")), ArgumentError) << priority;
  }
}

// ---- the clock of a member ----

TEST_F(Priority, a_member_tells_how_far_its_clock_is_off_as_the_time_check_has_measured_it) {
  store_->show_time(clock_->wall() + milliseconds(300));
  MongoElector elector(session_, key_.name(), at(0, "web-1"));
  EXPECT_FALSE(elector.node_status().clock) << "nothing was measured yet";
  elector.start();
  ASSERT_TRUE(leads(elector));
  ASSERT_TRUE(eventually([&] {
    const auto rows = store_->reports();
    return !rows.empty() && rows.back().clock;
  }));
  EXPECT_EQ(store_->reports().back().clock->offset, milliseconds(-300)) << "it is behind";
  EXPECT_EQ(store_->reports().back().clock->error, Duration::zero()) << "no time passed";
}

TEST_F(Priority, where_the_store_has_no_clock_of_its_own_nothing_is_told) {
  MongoElector elector(session_, key_.name(), at(0, "web-1"));
  elector.start();
  ASSERT_TRUE(leads(elector));
  EXPECT_FALSE(elector.node_status().clock);
}

}  // namespace
}  // namespace mongoelector::test
