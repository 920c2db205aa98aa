// The lease machine against the table in its header, cell by cell, and its promises beside it.
#include "core/lease_machine.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "core/state_table.h"

namespace mongoelector::internal {

bool operator==(const LeaseData& a, const LeaseData& b) {
  return a.state == b.state && a.id == b.id && a.token == b.token &&
         a.maybe_ours == b.maybe_ours && a.deadline == b.deadline && a.renew_at == b.renew_at &&
         a.forgotten == b.forgotten && a.retry_at == b.retry_at && a.loss == b.loss;
}

}  // namespace mongoelector::internal

namespace mongoelector::test {
namespace {

using namespace internal;
using std::chrono::nanoseconds;
using std::chrono::seconds;

const Timing kTiming{.ttl = seconds(100),
                     .renew_every = seconds(20),
                     .margin = seconds(20),
                     .call_budget = seconds(5),
                     .retry_pause = seconds(5),
                     .poll = seconds(20)};
constexpr Instant at(int second) { return Instant(seconds(1000 + second)); }
const LeaseId kOurs("ours");

const std::string& header() {
  static const std::string text = core_source("lease_machine.h");
  return text;
}
const std::vector<std::string>& states() {
  static const auto names = enumerators(header(), "LeaseState");
  return names;
}
const std::vector<std::string>& events() {
  static const auto names = enumerators(header(), "LeaseEvent");
  return names;
}

// Every moment at which something may change, and just before it.
std::vector<Instant> moments() {
  std::vector<Instant> all;
  for (const int second : {0, 40, 80, 200, 300}) {
    all.push_back(at(second) - nanoseconds(1));
    all.push_back(at(second));
  }
  return all;
}

LeaseData lease_in(LeaseState state) {
  return {.state = state,
          .id = kOurs,
          .token = Token(7),
          .deadline = kTiming.deadline(at(0)),
          .renew_at = at(20),
          .forgotten = at(200),
          .retry_at = at(40)};
}

LeaseInput input_of(LeaseEvent event) {
  return {.event = event, .lease_id = kOurs, .sent_at = at(0), .token = Token(7)};
}

bool is_reply(LeaseEvent event) {
  return event != LeaseEvent::claim && event != LeaseEvent::tick && event != LeaseEvent::end &&
         event != LeaseEvent::release;
}

TEST(LeaseMachine, the_table_knows_every_state_and_event) {
  const StateTable table(header(),
                         {.states = {states().begin(), states().end()},
                          .marks = {"W", "R", "L"},
                          .conditions = {"D", "ttl", "retry"}},
                         {events().begin(), events().end()});
  EXPECT_EQ(states().size(), std::size_t{kLeaseStates});
  EXPECT_EQ(events().size(), std::size_t{kLeaseEvents});
  for (const auto& state : states()) {
    for (const auto& event : events())
      EXPECT_TRUE(table.has(state, event)) << state << " " << event;
  }
}

TEST(LeaseMachine, does_what_every_cell_says) {
  const StateTable table(header(),
                         {.states = {states().begin(), states().end()},
                          .marks = {"W", "R", "L"},
                          .conditions = {"D", "ttl", "retry"}},
                         {events().begin(), events().end()});
  for (int state = 0; state < kLeaseStates; ++state) {
    for (int event = 0; event < kLeaseEvents; ++event) {
      for (const Instant now : moments()) {
        for (const bool ambiguous : {false, true}) {
          LeaseData lease = lease_in(static_cast<LeaseState>(state));
          lease.maybe_ours = ambiguous;
          const LeaseData before = lease;
          Situation situation{.bar = now >= lease.deadline, .slash = ambiguous};
          if (now >= lease.deadline) situation.conditions.insert("D");
          if (now >= lease.forgotten) situation.conditions.insert("ttl");
          if (now >= lease.retry_at) situation.conditions.insert("retry");
          const Result& expected = table.at(states()[state], events()[event]).pick(situation);
          const LeaseActions actions =
              step(lease, input_of(static_cast<LeaseEvent>(event)), now, kTiming);
          SCOPED_TRACE(states()[state] + " x " + events()[event] + " at " +
                       std::to_string((now - at(0)) / seconds(1)) +
                       (ambiguous ? ", ambiguous" : ""));
          if (expected.no_change()) {
            EXPECT_TRUE(lease == before);
          } else {
            EXPECT_EQ(states()[static_cast<int>(lease.state)], expected.to);
          }
          const bool sends = expected.has("!");
          EXPECT_EQ(actions, (LeaseActions{.lost = expected.has("L"),
                                           .won = expected.has("W"),
                                           .refused = expected.has("R"),
                                           .send_claim = sends && expected.to == "claiming",
                                           .send_release = sends && expected.to == "undoing"}));
        }
      }
    }
  }
  EXPECT_EQ(table.unused(), std::vector<std::string>{});
}

TEST(LeaseMachine, ignores_replies_about_any_other_lease) {
  for (int state = 0; state < kLeaseStates; ++state) {
    for (int event = 0; event < kLeaseEvents; ++event) {
      if (!is_reply(static_cast<LeaseEvent>(event))) continue;
      for (const Instant now : moments()) {
        LeaseData lease = lease_in(static_cast<LeaseState>(state));
        const LeaseData before = lease;
        LeaseInput input = input_of(static_cast<LeaseEvent>(event));
        input.lease_id = LeaseId("theirs");
        EXPECT_EQ(step(lease, input, now, kTiming), LeaseActions{});
        EXPECT_TRUE(lease == before) << states()[state] << " x " << events()[event];
      }
    }
  }
}

TEST(LeaseMachine, a_grant_counts_from_before_its_request_was_sent) {
  LeaseData lease;
  step(lease, {.event = LeaseEvent::claim, .lease_id = kOurs}, at(0), kTiming);
  step(lease,
       {.event = LeaseEvent::granted, .lease_id = kOurs, .sent_at = at(0), .token = Token(9)},
       at(30), kTiming);
  EXPECT_EQ(lease.deadline, at(80));  // ttl - margin after the sending
  EXPECT_EQ(lease.renew_at, at(20));
  EXPECT_EQ(lease.token, Token(9));
  EXPECT_TRUE(lease.valid(at(80) - nanoseconds(1)));
  EXPECT_FALSE(lease.valid(at(80)));
}

TEST(LeaseMachine, a_confirmed_renewal_moves_the_deadline_forward_only) {
  LeaseData lease = lease_in(LeaseState::held);
  LeaseInput newer = input_of(LeaseEvent::renewed);
  newer.sent_at = at(30);
  step(lease, newer, at(31), kTiming);
  EXPECT_EQ(lease.deadline, at(110));
  EXPECT_EQ(lease.renew_at, at(50));
  LeaseInput older = input_of(LeaseEvent::renewed);
  older.sent_at = at(10);
  step(lease, older, at(32), kTiming);
  EXPECT_EQ(lease.deadline, at(110));
  EXPECT_EQ(lease.renew_at, at(50));
}

TEST(LeaseMachine, says_why_it_was_lost) {
  LeaseData late = lease_in(LeaseState::held);
  EXPECT_TRUE(step(late, input_of(LeaseEvent::tick), at(80), kTiming).lost);
  EXPECT_EQ(late.loss, LossReason::deadline);
  LeaseData taken = lease_in(LeaseState::held);
  EXPECT_TRUE(step(taken, input_of(LeaseEvent::gone), at(10), kTiming).lost);
  EXPECT_EQ(taken.loss, LossReason::taken);
}

TEST(LeaseMachine, jitter_shortens_a_retry_by_up_to_half) {
  for (const double jitter : {0.0, 0.25, 0.5, 0.999999}) {
    LeaseData held = lease_in(LeaseState::held);
    LeaseInput answer = input_of(LeaseEvent::unrenewed);
    answer.jitter = jitter;
    step(held, answer, at(25), kTiming);
    LeaseData undoing = lease_in(LeaseState::undoing);
    answer.event = LeaseEvent::unreleased;
    step(undoing, answer, at(25), kTiming);
    for (const Instant again : {held.renew_at, undoing.retry_at}) {
      EXPECT_LE(again, at(25) + kTiming.retry_pause);
      EXPECT_GT(again, at(25) + kTiming.retry_pause / 2);
    }
    EXPECT_EQ(held.renew_at, undoing.retry_at);
  }
}

TEST(LeaseMachine, a_release_is_asked_again_only_after_its_answer) {
  LeaseData lease = lease_in(LeaseState::held);
  ASSERT_TRUE(step(lease, input_of(LeaseEvent::release), at(10), kTiming).send_release);
  EXPECT_FALSE(step(lease, input_of(LeaseEvent::tick), at(100), kTiming).send_release);
  step(lease, input_of(LeaseEvent::unreleased), at(100), kTiming);
  EXPECT_TRUE(step(lease, input_of(LeaseEvent::tick), at(105), kTiming).send_release);
  EXPECT_FALSE(step(lease, input_of(LeaseEvent::tick), at(106), kTiming).send_release);
  // Given up no earlier than a ttl, and a percent for clock rates, after the release.
  step(lease, input_of(LeaseEvent::tick), at(110), kTiming);
  EXPECT_EQ(lease.state, LeaseState::undoing);
  step(lease, input_of(LeaseEvent::tick), at(111), kTiming);
  EXPECT_EQ(lease.state, LeaseState::idle);
}

TEST(LeaseMachine, every_outcome_of_a_store_has_its_meaning) {
  const auto meanings = [](Outcome outcome) {
    return std::tuple(claim_answer(outcome), renewal_answer(outcome), release_answer(outcome));
  };
  using E = LeaseEvent;
  EXPECT_EQ(meanings(Outcome::granted), std::tuple(E::granted, E::renewed, E::released));
  EXPECT_EQ(meanings(Outcome::held), std::tuple(E::refused, E::gone, E::unreleased));
  EXPECT_EQ(meanings(Outcome::lost), std::tuple(E::unclear, E::gone, E::released));
  EXPECT_EQ(meanings(Outcome::unreachable), std::tuple(E::unsent, E::unrenewed, E::unreleased));
  EXPECT_EQ(meanings(Outcome::unknown), std::tuple(E::unclear, E::unrenewed, E::unreleased));
  EXPECT_EQ(meanings(Outcome::denied), std::tuple(E::unsent, E::unrenewed, E::unreleased));
  EXPECT_EQ(meanings(Outcome::damaged), std::tuple(E::unsent, E::unrenewed, E::unreleased));
}

// Random histories: any input at any time.
TEST(LeaseMachine, keeps_its_promises_on_random_walks) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto below = [&](int bound) { return static_cast<int>(random() % bound); };
    LeaseData lease;
    Instant now = at(0);
    int next_id = 0;
    int lost = 0;
    bool was_valid = false;
    for (int i = 0; i < 400; ++i) {
      now += seconds(below(below(4) == 0 ? 90 : 10));
      // Whatever a tick would do at some moment, next_tick() is not later than that moment.
      LeaseData other = lease;
      const Instant then = now + seconds(below(250));
      const bool acts = step(other, {.event = LeaseEvent::tick}, then, kTiming) != LeaseActions{};
      if (acts || other.state != lease.state) {
        EXPECT_LE(lease.next_tick(), then);
      }
      const LeaseData before = lease;
      const auto event = static_cast<LeaseEvent>(below(kLeaseEvents));
      LeaseInput input{.event = event,
                       .lease_id = lease.id,
                       .sent_at = now - seconds(below(100)),
                       .token = Token(1),
                       .jitter = below(1000) / 1000.0};
      if (event == LeaseEvent::claim) input.lease_id = LeaseId(std::to_string(++next_id));
      const LeaseActions actions = step(lease, input, now, kTiming);
      if (lease.id != before.id) {
        EXPECT_EQ(before.state, LeaseState::idle);
        lost = 0;
        was_valid = false;
      } else {
        if (before.renewable()) {
          EXPECT_TRUE(lease.deadline >= before.deadline);
        }
        // A lease that has ended never resumes.
        if (before.state != LeaseState::held && !actions.won) {
          EXPECT_FALSE(lease.valid(now));
        }
        if (was_valid) {
          EXPECT_FALSE(actions.won);
        }
      }
      was_valid = was_valid || actions.won;
      lost += actions.lost;
      EXPECT_LE(lost, 1);
      if (actions.lost) {
        EXPECT_EQ(before.state, LeaseState::held);
      }
      if (lease.valid(now)) {
        EXPECT_LE(lease.deadline, now + kTiming.ttl - kTiming.margin);
      }
    }
  }
}

}  // namespace
}  // namespace mongoelector::test
