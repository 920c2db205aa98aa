// When a candidate looks, and how long one that yields (ElectionConfig::yield_for) leaves a free
// key to others.
#include <gtest/gtest.h>

#include "core/election_machine.h"

namespace mongoelector::test {
namespace {

using namespace internal;
using std::chrono::seconds;

const ElectionConfig kConfig{.timing = {.ttl = seconds(100),
                                        .renew_every = seconds(20),
                                        .margin = seconds(20),
                                        .call_budget = seconds(5),
                                        .retry_pause = seconds(5),
                                        .poll = seconds(20)},
                             .loss_callback_within = seconds(60)};
const ElectionConfig kYielding{.timing = kConfig.timing,
                               .loss_callback_within = kConfig.loss_callback_within,
                               .yield_for = seconds(40)};
constexpr Instant at(int second) { return Instant(seconds(1000 + second)); }
const LeaseId kOurs("ours");
const ElectionData kLooking{.state = ElectionState::reading, .running = true};

TEST(Looking, looks_again_when_the_lease_in_the_way_ends_and_at_every_poll) {
  for (const double jitter : {0.0, 0.5, 0.999}) {
    const auto look = [&](Duration remaining) {
      ElectionData election = kLooking;
      step(election,
           {.event = ElectionEvent::read_held, .lease = {.jitter = jitter}, .remaining = remaining},
           at(0), kConfig);
      return election.look_at;
    };
    // A hundredth of the ttl spreads many candidates.
    EXPECT_GE(look(seconds(5)), at(5));
    EXPECT_LT(look(seconds(5)), at(6));
    EXPECT_EQ(look(seconds(60)), at(20));
    EXPECT_EQ(look(Duration::max()), at(20));
    EXPECT_GE(look(seconds(-5)), at(0));
    EXPECT_LT(look(seconds(-5)), at(1));
  }
}

TEST(Looking, does_not_look_at_a_lease_that_was_seen_renewed_before_it_runs_out) {
  for (const double jitter : {0.0, 0.5, 0.999}) {
    const auto look = [&](Duration remaining) {
      ElectionData election = kLooking;
      election.state = ElectionState::follower;
      election.look_at = at(3);
      step(election,
           {.event = ElectionEvent::alive, .lease = {.jitter = jitter}, .remaining = remaining},
           at(0), kConfig);
      return election.look_at;
    };
    EXPECT_GE(look(seconds(15)), at(15));
    EXPECT_LT(look(seconds(15)), at(16));
    EXPECT_EQ(look(Duration::max()), at(20)) << "a poll is a poll";
    EXPECT_EQ(look(Duration::min()), at(3));
    EXPECT_EQ(look(seconds(1)), at(3)) << "old news";
  }
}

TEST(Looking, a_look_that_failed_is_repeated_after_a_jittered_pause) {
  for (const double jitter : {0.0, 0.5, 0.999}) {
    ElectionData election = kLooking;
    step(election, {.event = ElectionEvent::read_failed, .lease = {.jitter = jitter}}, at(0),
         kConfig);
    EXPECT_LE(election.look_at, at(5));
    EXPECT_GT(election.look_at, at(0) + kConfig.timing.retry_pause / 2);
  }
}

// What a candidate that yields does with a key that is seen free at 0, and when it claims.
class Yielding : public testing::Test {
 protected:
  ElectionActions on(ElectionEvent event, int second, ElectionInput input = {}) {
    input.event = event;
    input.new_lease_id = kOurs;
    return step(election_, input, at(second), kYielding);
  }
  void see_free(int second) {
    ASSERT_EQ(election_.state, ElectionState::reading);
    EXPECT_FALSE(on(ElectionEvent::read_free, second).send_claim);
    ASSERT_EQ(election_.state, ElectionState::follower);
  }

  ElectionData election_ = kLooking;
};

TEST_F(Yielding, a_free_key_is_claimed_when_the_others_had_their_time_and_not_looked_at_before) {
  see_free(0);
  EXPECT_EQ(election_.next_tick(), at(40)) << "no looks for nothing";
  EXPECT_TRUE(on(ElectionEvent::tick, 40).send_read);
  EXPECT_TRUE(on(ElectionEvent::read_free, 41).send_claim);
}

TEST_F(Yielding, a_key_that_is_given_up_is_left_to_others_for_as_long) {
  election_.state = ElectionState::follower;
  EXPECT_EQ(on(ElectionEvent::freed, 0), ElectionActions{});
  EXPECT_EQ(on(ElectionEvent::freed, 30), ElectionActions{}) << "a hint may come twice";
  EXPECT_EQ(election_.next_tick(), at(40));
  EXPECT_TRUE(on(ElectionEvent::tick, 40).send_read);
  EXPECT_TRUE(on(ElectionEvent::read_free, 41).send_claim);
}

TEST_F(Yielding, who_looks_again_in_between_does_not_wait_anew) {
  see_free(0);
  EXPECT_TRUE(on(ElectionEvent::wake, 39).send_read);
  see_free(39);
  EXPECT_EQ(election_.next_tick(), at(40));
}

TEST_F(Yielding, once_another_has_led_it_waits_anew) {
  see_free(0);
  EXPECT_TRUE(on(ElectionEvent::wake, 10).send_read);
  on(ElectionEvent::read_held, 10, {.remaining = seconds(5)});
  EXPECT_EQ(on(ElectionEvent::freed, 12), ElectionActions{});
  EXPECT_EQ(election_.next_tick(), at(52));
  on(ElectionEvent::alive, 13, {.remaining = seconds(5)});
  EXPECT_EQ(on(ElectionEvent::freed, 14), ElectionActions{});
  EXPECT_EQ(election_.next_tick(), at(54));
}

TEST_F(Yielding, who_was_stopped_meanwhile_waits_anew) {
  see_free(0);
  on(ElectionEvent::stop, 10);
  ASSERT_EQ(election_.state, ElectionState::stopped);
  EXPECT_TRUE(on(ElectionEvent::start, 1000).send_read);
  on(ElectionEvent::control, 1001);
  see_free(1002);
}

TEST_F(Yielding, the_end_of_a_pause_is_a_start_for_all) {
  election_.barred_until = at(60);
  see_free(0);
  EXPECT_TRUE(on(ElectionEvent::control, 50).send_read) << "lifted";
  see_free(51);
  EXPECT_EQ(election_.next_tick(), at(91));
}

TEST_F(Yielding, the_successor_that_was_asked_for_does_not_wait) {
  on(ElectionEvent::control, 0, {.named_until = at(100)});
  EXPECT_TRUE(on(ElectionEvent::read_free, 1).send_claim);
  election_ = {.state = ElectionState::follower, .running = true};
  on(ElectionEvent::control, 0, {.named_until = at(100)});
  EXPECT_TRUE(on(ElectionEvent::freed, 1).send_claim);
  election_ = kLooking;
  see_free(0);
  EXPECT_TRUE(on(ElectionEvent::control, 1, {.named_until = at(100)}).send_read) << "told late";
  EXPECT_TRUE(on(ElectionEvent::read_free, 2).send_claim);
}

}  // namespace
}  // namespace mongoelector::test
