// What an operators' row means to whom, and for how long.
#include "core/control.h"

#include <gtest/gtest.h>

#include "mongoelector/options.h"

namespace mongoelector::test {
namespace {

using internal::ControlEffect;
using internal::effect_of;
using std::chrono::hours;
using std::chrono::seconds;

constexpr Duration kTtl = seconds(10);
const Holder kSelf{.uuid = "u-1", .host = "web-1.example", .pid = 1, .label = "web-1"};
const Holder kOther{.uuid = "u-2", .host = "web-2.example", .pid = 2};

WallTime at(int second) { return WallTime(hours(500'000)) + seconds(second); }
ControlRow row() { return {.key = Key::election("billing"), .version = 1}; }
ControlEffect effect(const ControlRow& row, int second, const Holder& who = kSelf) {
  return effect_of(row, at(second), who, kTtl);
}

TEST(Control, an_empty_row_asks_for_nothing) {
  EXPECT_FALSE(effect(row(), 0).step_down);
  EXPECT_EQ(effect(row(), 0).barred_for, Duration::zero());
}

TEST(Control, a_stepdown_is_for_one_holder_and_ends_by_itself) {
  ControlRow asked = row();
  asked.stepdown = StepDown{.uuid = "u-1", .at = at(0), .until = at(60)};
  EXPECT_TRUE(effect(asked, 1).step_down);
  EXPECT_EQ(effect(asked, 1).barred_for, seconds(59));
  EXPECT_FALSE(effect(asked, 60).step_down);
  EXPECT_EQ(effect(asked, 60).barred_for, Duration::zero());
  EXPECT_FALSE(effect(asked, 1, kOther).step_down);
  EXPECT_EQ(effect(asked, 1, kOther).barred_for, Duration::zero());
}

TEST(Control, a_successor_is_left_two_ttls_by_the_others) {
  ControlRow asked = row();
  asked.stepdown = StepDown{.uuid = "u-9", .to = "web-1", .at = at(0), .until = at(3600)};
  EXPECT_EQ(effect(asked, 1).barred_for, Duration::zero());
  EXPECT_EQ(effect(asked, 1, kOther).barred_for, seconds(19));
  EXPECT_EQ(effect(asked, 20, kOther).barred_for, Duration::zero());
  for (const char* name : {"web-1.example", "u-1"}) {
    asked.stepdown->to = name;
    EXPECT_EQ(effect(asked, 1).barred_for, Duration::zero()) << name;
  }
}

TEST(Control, a_successor_is_named_for_as_long_as_the_others_stand_back) {
  ControlRow asked = row();
  asked.stepdown = StepDown{.uuid = "u-9", .to = "web-1", .at = at(100), .until = at(3600)};
  EXPECT_EQ(effect(asked, 94).named_for, Duration::zero());
  EXPECT_EQ(effect(asked, 94).due_in, seconds(1)) << "then it is to look again";
  EXPECT_EQ(effect(asked, 95).named_for, seconds(25));
  EXPECT_EQ(effect(asked, 95, kOther).named_for, Duration::zero());
  EXPECT_EQ(effect(asked, 120).named_for, Duration::zero());
  asked.stepdown->to = "";
  EXPECT_EQ(effect(asked, 101).named_for, Duration::zero());
}

TEST(Control, what_is_announced_waits_for_its_time) {
  ControlRow asked = row();
  asked.stepdown = StepDown{.uuid = "u-1", .to = "web-3", .at = at(100), .until = at(160)};
  EXPECT_FALSE(effect(asked, 40).step_down);
  EXPECT_EQ(effect(asked, 40).barred_for, Duration::zero());
  EXPECT_EQ(effect(asked, 40).due_in, seconds(60)) << "then it is to look again";
  EXPECT_TRUE(effect(asked, 100).step_down);
  EXPECT_EQ(effect(asked, 100).barred_for, seconds(60));
  EXPECT_EQ(effect(asked, 100).due_in, Duration::zero());
}

TEST(Control, the_others_leave_an_announced_successor_the_election_from_just_before) {
  ControlRow asked = row();
  asked.stepdown = StepDown{.uuid = "u-1", .to = "web-3", .at = at(100), .until = at(160)};
  EXPECT_EQ(effect(asked, 40, kOther).barred_for, Duration::zero()) << "the leader may die now";
  EXPECT_EQ(effect(asked, 40, kOther).due_in, seconds(55)) << "then they are to look again";
  EXPECT_EQ(effect(asked, 95, kOther).barred_for, seconds(25));
  EXPECT_EQ(effect(asked, 119, kOther).barred_for, seconds(1));
  EXPECT_EQ(effect(asked, 120, kOther).barred_for, Duration::zero());
  EXPECT_FALSE(effect(asked, 100, kOther).step_down);
}

TEST(Control, a_pause_bars_everybody_until_it_is_over) {
  ControlRow asked = row();
  asked.pause = Pause{.until = at(60)};
  EXPECT_EQ(effect(asked, 0).barred_for, seconds(60));
  EXPECT_EQ(effect(asked, 0, kOther).barred_for, seconds(60));
  EXPECT_FALSE(effect(asked, 0).step_down);
  EXPECT_EQ(effect(asked, 61).barred_for, Duration::zero());
}

TEST(Control, a_cordon_bars_the_members_it_names) {
  ControlRow asked = row();
  asked.cordoned = {"web-7", "web-1"};
  EXPECT_GT(effect(asked, 0).barred_for, hours(24));
  EXPECT_FALSE(effect(asked, 0).step_down);
  EXPECT_EQ(effect(asked, 0, kOther).barred_for, Duration::zero());
  asked.cordoned = {""};
  EXPECT_EQ(effect(asked, 0, kOther).barred_for, Duration::zero()) << "no label is no name";
}

TEST(Control, the_longest_bar_counts_and_no_time_overflows) {
  ControlRow asked = row();
  asked.pause = Pause{.until = at(60)};
  asked.stepdown = StepDown{.uuid = "u-1", .at = at(0), .until = at(90)};
  EXPECT_EQ(effect(asked, 0).barred_for, seconds(90));
  asked.pause->until = WallTime::max();
  EXPECT_GT(effect(asked, 0).barred_for, hours(24));
  EXPECT_LE(effect(asked, 0).barred_for, kLargestTtl);
}

}  // namespace
}  // namespace mongoelector::test
