// The election machine against the tables in its header, cell by cell, and its promises beside
// them.
#include "core/election_machine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "core/state_table.h"

namespace mongoelector::test {
namespace {

using namespace internal;
using std::chrono::nanoseconds;
using std::chrono::seconds;

const ElectionConfig kConfig{.timing = {.ttl = seconds(100),
                                        .renew_every = seconds(20),
                                        .margin = seconds(20),
                                        .call_budget = seconds(5),
                                        .retry_pause = seconds(5),
                                        .poll = seconds(20)},
                             .loss_callback_within = seconds(60)};
// The same for a candidate that leaves a free key to others for a while.
const ElectionConfig kYielding = [] {
  ElectionConfig config = kConfig;
  config.yield_for = seconds(40);
  return config;
}();
constexpr Instant at(int second) { return Instant(seconds(1000 + second)); }
const LeaseId kOurs("ours");

const std::string& header() {
  static const std::string text = core_source("election_machine.h");
  return text;
}
const std::vector<std::string>& states() {
  static const auto names = enumerators(header(), "ElectionState");
  return names;
}
const std::vector<std::string>& events() {
  static const auto names = enumerators(header(), "ElectionEvent");
  return names;
}
std::string name(ElectionState state) { return states()[static_cast<int>(state)]; }

// The columns of the table for lease_reply.
const std::string kAsItWas = "as it was";
std::string lease_column(const LeaseData& before, const LeaseData& after, bool sent) {
  if (before.state == after.state && !sent) return kAsItWas;
  static const auto names = enumerators(core_source("lease_machine.h"), "LeaseState");
  return names[static_cast<int>(after.state)];
}

StateTable read_tables() {
  Words words{.states = {states().begin(), states().end()},
              .marks = {"E", "L", "o", "r", "again", "renew", "hold", "later", "wait", "ask",
                        "(run)", "(stop)"},
              .conditions = {"look_at", "deadline", "cede_until", "ttl", "retry_at", "control_by",
                             "unheard", "unseen", "barred", "lifted", "asked", "yields",
                             "named"}};
  words.states.insert("next");
  std::set<std::string> columns(events().begin(), events().end());
  columns.erase("lease_reply");
  columns.insert({"held", "idle", "unsure", "undoing", "ended", kAsItWas});
  return {header(), words, columns};
}

// The lease states that go with an election state; the random walk checks that there are no others.
std::vector<LeaseState> leases_of(ElectionState state) {
  using L = LeaseState;
  switch (state) {
    case ElectionState::stopped:
    case ElectionState::follower:
    case ElectionState::reading: return {L::idle};
    case ElectionState::claiming: return {L::claiming, L::unsure};
    case ElectionState::master: return {L::held};
    case ElectionState::ceding: return {L::ending};
    case ElectionState::losing: return {L::ended, L::idle};
    case ElectionState::clearing: return {L::abandoning, L::undoing};
  }
  return {};
}

// What is known of control: nothing special, a bar, or that it was asked for and not heard yet.
std::vector<ElectionData> with_control(const ElectionData& election) {
  std::vector<ElectionData> variants(3, election);
  variants[1].barred_until = at(70);
  variants[2].control_by = at(50);
  if (election.state == ElectionState::reading) {
    variants.push_back(variants[2]);
    variants.back().free_seen = true;
  }
  return variants;
}

// What a candidate that yields knows of the key: nothing, or since when it is free; and whether it
// is the one that was asked for.
std::vector<ElectionData> with_yielding(const ElectionData& election) {
  std::vector<ElectionData> variants(3, election);
  variants[1].yield_until = at(75);
  variants[2].yield_until = at(75);
  variants[2].named_until = at(65);
  return variants;
}

// Every election that a cell can be about, each at every moment at which something may change.
struct Case {
  ElectionData election;
  Instant now;
  ElectionConfig config = kConfig;
};

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (int i = 0; i < kElectionStates; ++i) {
    const auto state = static_cast<ElectionState>(i);
    for (const LeaseState lease : leases_of(state)) {
      for (int bits = 0; bits < 8; ++bits) {
        const bool running = bits & 1;
        // A follower is always running, and nobody runs while stopped.
        if (state == ElectionState::follower && !running) continue;
        if (state == ElectionState::stopped && running) continue;
        for (const int second : {0, 30, 40, 50, 60, 70, 80, 200, 300}) {
          const ElectionData election{
              .state = state,
              .running = running,
              .lease = {.state = lease,
                        .id = kOurs,
                        .token = Token(7),
                        .maybe_ours = (bits & 4) != 0,
                        .deadline = at(80),
                        .renew_at = at(20),
                        .forgotten = at(200),
                        .retry_at = at(40)},
              .look_at = at(30),
              .hold_off_until = bits & 2 ? at(500) : Instant{},
              .cede_until = at(60)};
          for (const ElectionData& variant : with_control(election)) {
            for (const Instant now : {at(second), at(second) - nanoseconds(1)}) {
              cases.push_back({variant, now});
              for (ElectionData yielding : with_yielding(variant))
                cases.push_back({std::move(yielding), now, kYielding});
            }
          }
        }
      }
    }
  }
  return cases;
}

Situation situation_of(const Case& one, const ElectionInput& input) {
  const ElectionData& election = one.election;
  const LeaseData& lease = election.lease;
  Situation situation{.bar = one.now < election.hold_off_until,
                      .slash = lease.state == LeaseState::unsure ||
                               lease.state == LeaseState::idle};
  const auto reached = [&](const std::string& name, bool counts, Instant when) {
    if (counts && one.now >= when) situation.conditions.insert(name);
  };
  const bool undoing = lease.state == LeaseState::undoing;
  reached("look_at", true, election.look_at);
  reached("cede_until", true, election.cede_until);
  reached("deadline", lease.renewable() || lease.state == LeaseState::unsure, lease.deadline);
  reached("ttl", undoing, lease.forgotten);
  reached("retry_at", undoing, lease.retry_at);
  reached("control_by", election.free_seen, election.control_by);
  const bool hears = input.event == ElectionEvent::control;
  const bool was_barred = one.now < election.barred_until;
  const bool barred = hears ? one.now < input.barred_until : was_barred;
  const auto holds = [&](const std::string& name, bool does) {
    if (does) situation.conditions.insert(name);
  };
  holds("unheard", one.now < election.control_by);
  holds("unseen", !election.free_seen);
  holds("barred", barred);
  holds("lifted", was_barred && !barred);
  holds("asked", input.step_down);
  const Instant until = election.yield_until;
  const bool named = one.now < (hears ? input.named_until : election.named_until);
  holds("yields", one.config.yield_for > Duration::zero() && !named &&
                      (until == Instant{} || one.now < until));
  holds("named", !barred && named && one.now < until);
  return situation;
}

// The part of an election that is not its lease.
std::string outside(const ElectionData& election) {
  const auto time = [](Instant when) { return std::to_string(when.time_since_epoch().count()); };
  return name(election.state) + (election.running ? " running" : "") +
         (election.look_again ? " again" : "") + " look " + time(election.look_at) + " hold " +
         time(election.hold_off_until) + " cede " + time(election.cede_until) + " barred " +
         time(election.barred_until) + " control by " + time(election.control_by) +
         " yield " + time(election.yield_until) + " named " + time(election.named_until) +
         (election.free_seen ? " free" : "");
}

// Where it stays in force that the key was seen free.
Instant yields_until(const Case& before) {
  const Instant until = before.election.yield_until;
  return until == Instant{} ? before.now + before.config.yield_for : until;
}

ElectionActions actions_of(const Result& expected) {
  const bool sends = expected.has("!");
  return {.revoke = expected.has("L"),
          .call_onmaster = expected.has("E"),
          .call_onmasterloss = expected.has("L"),
          .call_onloop = expected.has("o"),
          .send_read = sends && expected.to == "reading",
          .send_claim = sends && expected.to == "claiming",
          .send_release = sends && expected.to == "clearing",
          .ask_control = expected.has("ask"),
          .report = expected.has("r")};
}

// What a cell says against what happened; the lease is compared by the callers.
void expect_as_told(const Result& expected, const Case& before, const ElectionData& after,
                    const ElectionActions& actions, const ElectionInput& input) {
  const ElectionEvent event = input.event;
  EXPECT_FALSE(expected.impossible);
  EXPECT_EQ(actions, actions_of(expected));
  ElectionData plain = before.election;  // with what a cell that leads nowhere may still change
  if (expected.has("(run)")) plain.running = true;
  if (expected.has("(stop)")) plain.running = false;
  if (expected.has("again")) plain.look_again = true;
  if (expected.has("later")) {
    plain.look_at = std::max(plain.look_at, before.now + input.remaining);
    plain.yield_until = {};
  }
  if (expected.has("wait")) plain.look_at = plain.yield_until = yields_until(before);
  if (expected.has("ask")) {
    plain.barred_until = plain.named_until = {};
    plain.control_by = before.now + kConfig.timing.call_budget;
  }
  if (event == ElectionEvent::control) {
    plain.barred_until = input.barred_until;
    plain.named_until = input.named_until;
    plain.control_by = {};
  }
  EXPECT_EQ(after.named_until, plain.named_until);
  EXPECT_EQ(after.barred_until, plain.barred_until);
  EXPECT_EQ(after.control_by, plain.control_by);
  if (expected.to.empty()) {
    if (event == ElectionEvent::read_free && before.election.state == ElectionState::reading)
      plain.free_seen = true;
    EXPECT_EQ(outside(after), outside(plain));
    return;
  }
  const std::string next = after.running ? "follower" : "stopped";
  EXPECT_EQ(name(after.state), expected.to == "next" ? next : expected.to);
  EXPECT_EQ(after.running, event == ElectionEvent::start  ? true
                           : event == ElectionEvent::stop ? false
                                                          : before.election.running);
  EXPECT_EQ(after.hold_off_until, expected.has("hold") ? before.now + kConfig.timing.ttl
                                                       : before.election.hold_off_until);
}

bool same(const LeaseData& a, const LeaseData& b) {
  return a.state == b.state && a.id == b.id && a.token == b.token && a.deadline == b.deadline &&
         a.renew_at == b.renew_at && a.forgotten == b.forgotten && a.retry_at == b.retry_at &&
         a.maybe_ours == b.maybe_ours && a.loss == b.loss;
}

TEST(ElectionMachine, the_tables_know_every_state_and_event) {
  const StateTable table = read_tables();
  EXPECT_EQ(states().size(), std::size_t{kElectionStates});
  EXPECT_EQ(events().size(), std::size_t{kElectionEvents});
  for (const std::string& event : events()) {
    if (event == "lease_reply") continue;
    int rows = 0;
    for (const std::string& state : states()) rows += table.has(state, event);
    EXPECT_GE(rows, 4) << event;
  }
  // What does not come from the store can come at any time, so no row may be left out.
  for (const std::string event : {"start", "stop", "release", "poll", "wake", "freed", "tick"}) {
    for (const std::string& state : states())
      EXPECT_TRUE(table.has(state, event)) << state << " " << event;
  }
}

// One case and one event that is no reply about the lease.
void walk_event(const StateTable& table, const Case& one, const ElectionInput& input) {
  const ElectionEvent event = input.event;
  const std::string& column = events()[static_cast<int>(event)];
  const Result& expected =
      table.at(name(one.election.state), column).pick(situation_of(one, input));
  ElectionData after = one.election;
  const ElectionActions actions = step(after, input, one.now, one.config);
  SCOPED_TRACE(outside(one.election) + " x " + column + " at " +
               std::to_string((one.now - at(0)) / nanoseconds(1)));
  expect_as_told(expected, one, after, actions, input);
  if (!expected.to.empty()) return;
  LeaseData lease = one.election.lease;
  if (expected.has("renew")) lease.renew_at = one.now;
  if (event != ElectionEvent::tick) {
    EXPECT_TRUE(same(after.lease, lease));
    return;
  }
  // A tick that leads nowhere was passed on to the lease, or did not touch it.
  step(lease, {.event = LeaseEvent::tick}, one.now, kConfig.timing);
  EXPECT_TRUE(same(after.lease, lease) || same(after.lease, one.election.lease));
}

// One case and one reply about its lease: the lease's own machine says what it makes of it.
void walk_reply(const StateTable& table, const Case& one, LeaseEvent event) {
  const LeaseInput reply{
      .event = event, .lease_id = kOurs, .sent_at = at(0), .token = Token(7), .jitter = 0.5};
  LeaseData lease = one.election.lease;
  const LeaseActions effect = step(lease, reply, one.now, kConfig.timing);
  const std::string column = lease_column(one.election.lease, lease, effect.send_release);
  const ElectionInput input{.event = ElectionEvent::lease_reply, .lease = reply};
  const Result& expected =
      table.at(name(one.election.state), column).pick(situation_of(one, input));
  ElectionData after = one.election;
  const ElectionActions actions = step(after, input, one.now, one.config);
  SCOPED_TRACE(outside(one.election) + " x lease " + column + " at " +
               std::to_string((one.now - at(0)) / nanoseconds(1)));
  expect_as_told(expected, one, after, actions, input);
  EXPECT_TRUE(same(after.lease, lease));
}

const std::vector<LeaseEvent> kReplies{
    LeaseEvent::granted, LeaseEvent::refused,   LeaseEvent::unsent,
    LeaseEvent::unclear, LeaseEvent::renewed,   LeaseEvent::gone,
    LeaseEvent::unrenewed, LeaseEvent::released, LeaseEvent::unreleased};

TEST(ElectionMachine, does_what_every_cell_says) {
  const StateTable table = read_tables();
  for (const Case& one : all_cases()) {
    for (int i = 0; i < kElectionEvents; ++i) {
      ElectionInput input{.event = static_cast<ElectionEvent>(i),
                          .new_lease_id = LeaseId("new"),
                          .remaining = seconds(9)};
      if (input.event == ElectionEvent::lease_reply) continue;
      walk_event(table, one, input);
      if (input.event != ElectionEvent::control) continue;
      input.barred_until = at(1000);
      walk_event(table, one, input);
      input.step_down = true;
      walk_event(table, one, input);
      input.barred_until = {};
      input.named_until = at(1000);
      walk_event(table, one, input);
    }
    for (const LeaseEvent event : kReplies) walk_reply(table, one, event);
  }
  EXPECT_EQ(table.unused(), std::vector<std::string>{});
}

TEST(ElectionMachine, ignores_replies_about_any_other_lease) {
  for (const Case& one : all_cases()) {
    for (const LeaseEvent event : kReplies) {
      ElectionData after = one.election;
      const ElectionActions actions =
          step(after,
               {.event = ElectionEvent::lease_reply,
                .lease = {.event = event, .lease_id = LeaseId("theirs"), .sent_at = at(0)}},
               one.now, kConfig);
      EXPECT_EQ(actions, ElectionActions{});
      EXPECT_EQ(outside(after), outside(one.election));
      EXPECT_TRUE(same(after.lease, one.election.lease));
    }
  }
}

ElectionData follower_at_zero() {
  return {.state = ElectionState::reading, .running = true};
}

TEST(ElectionMachine, a_wake_up_during_a_look_is_not_lost) {
  ElectionData election = follower_at_zero();
  step(election, {.event = ElectionEvent::freed}, at(0), kConfig);
  step(election, {.event = ElectionEvent::read_held, .remaining = seconds(90)}, at(1), kConfig);
  EXPECT_EQ(election.next_tick(), at(1));
  EXPECT_TRUE(step(election, {.event = ElectionEvent::tick}, at(1), kConfig).send_read);
}

TEST(ElectionMachine, an_ambiguous_claim_is_repeated_under_the_same_lease) {
  ElectionData election = follower_at_zero();
  step(election, {.event = ElectionEvent::read_free, .new_lease_id = LeaseId("first")}, at(0),
       kConfig);
  step(election,
       {.event = ElectionEvent::lease_reply,
        .lease = {.event = LeaseEvent::unclear, .lease_id = LeaseId("first")}},
       at(1), kConfig);
  EXPECT_TRUE(step(election, {.event = ElectionEvent::tick, .new_lease_id = LeaseId("second")},
                   at(6), kConfig)
                  .send_claim);
  EXPECT_EQ(election.lease.id, LeaseId("first"));
}

TEST(ElectionMachine, after_a_release_it_holds_off_for_a_ttl_whatever_happens) {
  ElectionData election{.state = ElectionState::master,
              .running = true,
              .lease = {.state = LeaseState::held, .id = kOurs, .deadline = at(80)}};
  step(election, {.event = ElectionEvent::release}, at(0), kConfig);
  step(election, {.event = ElectionEvent::loss_done}, at(1), kConfig);
  step(election,
       {.event = ElectionEvent::lease_reply,
        .lease = {.event = LeaseEvent::released, .lease_id = kOurs}},
       at(2), kConfig);
  ASSERT_EQ(election.state, ElectionState::follower);
  EXPECT_EQ(election.next_tick(), at(100));
  for (const auto event : {ElectionEvent::tick, ElectionEvent::wake, ElectionEvent::freed,
                           ElectionEvent::poll}) {
    EXPECT_EQ(step(election, {.event = event}, at(100) - nanoseconds(1), kConfig),
              ElectionActions{});
  }
  EXPECT_TRUE(step(election, {.event = ElectionEvent::tick}, at(100), kConfig).send_read);
}

ElectionInput control(Instant barred_until) {
  return {.event = ElectionEvent::control, .barred_until = barred_until};
}

TEST(ElectionMachine, the_first_claim_waits_for_control_but_never_longer_than_one_call) {
  ElectionData prompt;
  EXPECT_TRUE(step(prompt, {.event = ElectionEvent::start}, at(0), kConfig).ask_control);
  ElectionData slow = prompt;
  ElectionData silent = prompt;
  step(prompt, control({}), at(1), kConfig);
  EXPECT_TRUE(step(prompt, {.event = ElectionEvent::read_free}, at(2), kConfig).send_claim);
  EXPECT_FALSE(step(slow, {.event = ElectionEvent::read_free}, at(1), kConfig).send_claim);
  EXPECT_TRUE(slow.looking());
  EXPECT_TRUE(step(slow, control({}), at(2), kConfig).send_claim) << "without another look";
  step(silent, {.event = ElectionEvent::read_free}, at(1), kConfig);
  EXPECT_EQ(silent.next_tick(), at(5));
  EXPECT_TRUE(step(silent, {.event = ElectionEvent::tick}, at(5), kConfig).send_claim);
}

TEST(ElectionMachine, who_is_barred_looks_on_and_claims_when_the_bar_is_over_or_lifted) {
  ElectionData election{.state = ElectionState::follower, .running = true, .look_at = at(10)};
  step(election, control(at(50)), at(0), kConfig);
  EXPECT_TRUE(step(election, {.event = ElectionEvent::freed}, at(1), kConfig).send_read);
  step(election, {.event = ElectionEvent::read_free}, at(2), kConfig);
  EXPECT_EQ(election.next_tick(), at(2) + kConfig.timing.poll);
  ElectionData lifted = election;
  EXPECT_TRUE(step(lifted, control({}), at(3), kConfig).send_read);
  EXPECT_TRUE(step(lifted, {.event = ElectionEvent::read_free}, at(4), kConfig).send_claim);
  EXPECT_TRUE(step(election, {.event = ElectionEvent::tick}, at(40), kConfig).send_read);
  step(election, {.event = ElectionEvent::read_free}, at(41), kConfig);
  EXPECT_EQ(election.next_tick(), at(50));
  step(election, {.event = ElectionEvent::tick}, at(50), kConfig);
  EXPECT_TRUE(step(election, {.event = ElectionEvent::read_free}, at(51), kConfig).send_claim);
}

TEST(ElectionMachine, a_bar_does_not_end_a_term) {
  ElectionData election{.state = ElectionState::master,
                        .running = true,
                        .lease = {.state = LeaseState::held, .id = kOurs, .deadline = at(80)}};
  EXPECT_EQ(step(election, control(at(500)), at(0), kConfig), ElectionActions{});
  EXPECT_TRUE(election.master(at(1)));
}

TEST(ElectionMachine, a_loss_callback_that_does_not_end_stops_the_renewals_not_more) {
  ElectionData election{.state = ElectionState::master,
                        .running = true,
                        .lease = {.state = LeaseState::held, .id = kOurs, .deadline = at(80)}};
  step(election, {.event = ElectionEvent::stop}, at(0), kConfig);
  EXPECT_TRUE(election.lease.renewable());
  EXPECT_EQ(election.next_tick(), at(60));
  EXPECT_EQ(step(election, {.event = ElectionEvent::tick}, at(60), kConfig), ElectionActions{});
  EXPECT_FALSE(election.lease.renewable());
  // Deleted only when the work has really come to its end.
  EXPECT_TRUE(step(election, {.event = ElectionEvent::loss_done}, at(90), kConfig).send_release);
}

// A driver that answers requests at random, or never, and pokes the machine with anything.
class Walk {
 public:
  explicit Walk(unsigned seed) : random_(seed) {}

  void run() {
    for (int i = 0; i < 600; ++i) {
      now_ += seconds(below(below(4) == 0 ? 90 : 8));
      expect_tick_is_asked_for();
      ElectionInput input = draw();
      input.new_lease_id = LeaseId(std::to_string(++next_id_));
      input.lease.jitter = below(1000) / 1000.0;
      const ElectionData before = election_;
      look_at(before, step(election_, input, now_, kConfig));
    }
  }

 private:
  int below(int bound) { return static_cast<int>(random_() % bound); }

  // Whatever a tick would do at some moment, next_tick() is not later than that moment.
  void expect_tick_is_asked_for() {
    ElectionData other = election_;
    const Instant then = now_ + seconds(below(250));
    const bool acts = step(other, {.event = ElectionEvent::tick}, then, kConfig) !=
                      ElectionActions{};
    if (acts || other.state != election_.state) {
      EXPECT_LE(election_.next_tick(), then);
    }
  }

  ElectionInput draw() {
    const auto event = static_cast<ElectionEvent>(below(kElectionEvents));
    ElectionInput input{.event = event,
                        .remaining = seconds(below(100)),
                        .barred_until = now_ + seconds(below(60) - 40),
                        .step_down = below(4) == 0};
    // Callbacks report only when they were called.
    if (event == ElectionEvent::loss_done && !loss_running_) input.event = ElectionEvent::tick;
    if (event == ElectionEvent::loss_done) loss_running_ = false;
    if (event == ElectionEvent::lease_reply) {
      input.lease = {.event = kReplies[below(static_cast<int>(kReplies.size()))],
                     .lease_id = election_.lease.id,
                     .sent_at = now_ - seconds(below(100)),
                     .token = Token(1)};
    }
    return input;
  }

  void look_at(const ElectionData& before, const ElectionActions& actions) {
    const auto leases = leases_of(election_.state);
    EXPECT_TRUE(std::find(leases.begin(), leases.end(), election_.lease.state) != leases.end())
        << outside(election_);
    EXPECT_EQ(actions.revoke, actions.call_onmasterloss);
    if (actions.call_onmaster) {
      EXPECT_FALSE(leading_ || loss_running_);
      leading_ = true;
    }
    if (actions.call_onmasterloss) {
      EXPECT_TRUE(leading_);
      leading_ = false;
      loss_running_ = true;
    }
    // Masters are exactly those whose onmaster was called and onmasterloss was not.
    EXPECT_EQ(leading_, election_.state == ElectionState::master);
    // Nothing is deleted, and nobody stands again, while work may still run.
    if (leading_ || loss_running_) {
      EXPECT_FALSE(actions.send_release || actions.send_claim);
    }
    EXPECT_LE(actions.send_read + actions.send_claim + actions.send_release, 1);
    if (before.lease.id == election_.lease.id && before.lease.renewable()) {
      EXPECT_TRUE(election_.lease.deadline >= before.lease.deadline);
    }
    if (election_.master(now_)) {
      EXPECT_LT(now_, election_.lease.deadline);
    }
  }

  std::mt19937 random_;
  ElectionData election_;
  Instant now_ = at(0);
  int next_id_ = 0;
  bool leading_ = false;
  bool loss_running_ = false;
};

TEST(ElectionMachine, keeps_its_promises_on_random_walks) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Walk(seed).run();
  }
}

}  // namespace
}  // namespace mongoelector::test
