// What operators can ask of an election, and what its history tells afterwards.
#include <algorithm>
#include <future>

#include "api/elector_fixture.h"

namespace mongoelector::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

class ElectorRecords : public Elector {
 protected:
  ElectorOptions member(const std::string& label) {
    ElectorOptions wanted = options(diary_);
    wanted.label = label;
    return wanted;
  }
  // Newest first.
  std::vector<TermRow> history() {
    const HistoryReply reply = memory_->history(key_, {}, 100);
    EXPECT_EQ(reply.outcome, Outcome::granted);
    return reply.rows;
  }
  bool has_ended(std::uint64_t token, EndedBy ended_by) {
    return eventually([&] {
      const auto rows = history();
      return std::any_of(rows.begin(), rows.end(), [&](const TermRow& row) {
        return row.token == Token(token) && row.ended_by == ended_by;
      });
    });
  }
  // As an operator's tool does it.
  void ask(const ControlChange& change) {
    ASSERT_EQ(change_control(*memory_, key_, change).outcome, Outcome::granted);
  }
  void ask_to_step_down(const MongoElector& master, Duration length, const std::string& to = "") {
    ask([&](ControlRow& row, WallTime now) {
      row.stepdown = StepDown{
          .uuid = master.node_status().uuid,
          .to = to,
          .at = now,
          .until = now + std::chrono::duration_cast<WallTime::duration>(length),
          .reason = "deploy",
          .by = "ana@ops"};
    });
  }
  void pause_for(std::chrono::seconds length) {
    ask([&](ControlRow& row, WallTime now) { row.pause = Pause{.until = now + length}; });
  }
  // Candidates have looked at control since now, and had time to act on it.
  void let_control_be_read(int candidates) {
    const int before = store_->calls(Verb::read_control);
    for (const int round : {1, 2}) {
      ask([](ControlRow&, WallTime) {});  // the same anew: everybody is woken
      ASSERT_TRUE(eventually([&] {
        return store_->calls(Verb::read_control) >= before + round * candidates;
      }));
    }
  }

  Diary diary_;
};

TEST_F(ElectorRecords, a_term_has_a_row_from_its_start_on) {
  MongoElector elector(session_, "billing", member("web-1"));
  const WallTime before = clock_->wall();
  elector.start();
  ASSERT_TRUE(eventually([&] { return history().size() == 1; }));
  TermRow row = history()[0];
  EXPECT_EQ(row.token, Token(1));
  EXPECT_EQ(row.number, 1u);
  EXPECT_EQ(row.holder.uuid, elector.node_status().uuid);
  EXPECT_EQ(row.holder.host, elector.node_status().host);
  EXPECT_EQ(row.holder.label, "web-1");
  EXPECT_EQ(row.start, before);
  EXPECT_EQ(row.ended_by, EndedBy::open);
  ASSERT_TRUE(leads(elector));
  clock_->advance(seconds(1));
  elector.stop();
  ASSERT_TRUE(has_ended(1, EndedBy::released));
  row = history()[0];
  EXPECT_EQ(row.number, 1u);
  EXPECT_EQ(row.start, before);
  EXPECT_EQ(row.end, before + seconds(1));
}

TEST_F(ElectorRecords, a_row_says_how_a_term_was_lost) {
  MongoElector elector(session_, "billing", member("web-1"));
  elector.start();
  ASSERT_TRUE(leads(elector));
  ASSERT_EQ(memory_->break_lease(*memory_->read(key_).record).outcome, Outcome::granted);
  ASSERT_TRUE(has_ended(1, EndedBy::forced));
  ASSERT_TRUE(leads(elector));
  store_->refuse(Verb::renew, Outcome::unreachable);
  ASSERT_TRUE(in_time(seconds(12), [&] { return !elector.ismaster(); }));
  ASSERT_TRUE(has_ended(2, EndedBy::lost));
  const TermRow row = history()[0].token == Token(2) ? history()[0] : history()[1];
  EXPECT_EQ(row.number, 2u) << "terms are counted";
  EXPECT_LE(*row.end - row.start, seconds(10));
  EXPECT_FALSE(row.reason.empty());
}

TEST_F(ElectorRecords, a_stop_needs_no_history_to_hand_over) {
  MongoElector first(session_, "billing", member("web-1"));
  MongoElector second(session(), "billing", member("web-2"));
  first.start();
  ASSERT_TRUE(leads(first));
  second.start();
  for (const Verb verb : {Verb::record_term, Verb::history, Verb::read_control, Verb::report,
                          Verb::retire}) {
    store_->hang(verb);
  }
  ASSERT_TRUE(in_time(seconds(6), [&] { return store_->hanging() > 0; }));
  clock_->advance(seconds(5));
  EXPECT_TRUE(eventually([&] {
    const auto record = memory_->read(key_).record;
    return record && record->remaining > seconds(9);
  })) << "renewals go on";
  const Instant before = clock_->now();
  auto stopping = std::async(std::launch::async, [&] { first.stop(); });
  EXPECT_TRUE(leads(second));
  EXPECT_EQ(clock_->now(), before) << "nothing waits for the history";
  EXPECT_TRUE(in_time(first.stop_bound() + seconds(1), [&] {
    return stopping.wait_for(seconds(0)) == std::future_status::ready;
  }));
  store_->heal();
  EXPECT_TRUE(has_ended(1, EndedBy::released));
}

TEST_F(ElectorRecords, a_term_does_not_mind_a_history_that_cannot_be_written) {
  store_->refuse(Verb::record_term, Outcome::denied);
  store_->refuse(Verb::read_control, Outcome::unreachable);
  MongoElector elector(session_, "billing", member("web-1"));
  elector.start();
  ASSERT_TRUE(leads(elector));
  EXPECT_TRUE(eventually([&] { return events_.has("store_trouble"); }));
  EXPECT_FALSE(in_time(seconds(12), [&] { return !elector.ismaster(); }));
  elector.stop();
  EXPECT_FALSE(memory_->read(key_).record);
  EXPECT_TRUE(history().empty());
}

TEST_F(ElectorRecords, the_next_master_closes_the_row_of_one_that_crashed) {
  const ClaimRequest crashed{.key = key_,
                             .holder = {.uuid = "crashed", .host = "gone", .pid = 1},
                             .lease_id = LeaseId("crashed"),
                             .ttl = seconds(10)};
  const Token token = memory_->claim(crashed).token;
  const WallTime expiry = memory_->read(key_).record->expires_at;
  TermRow open{.key = key_, .token = token, .holder = crashed.holder, .start = clock_->wall()};
  ASSERT_EQ(memory_->record_term(open).outcome, Outcome::granted);
  MongoElector elector(session_, "billing", member("web-1"));
  elector.start();
  ASSERT_TRUE(in_time(seconds(12), [&] { return elector.ismaster(); }));
  ASSERT_TRUE(has_ended(token.value(), EndedBy::expired));
  ASSERT_EQ(history().size(), 2u);
  EXPECT_EQ(history()[1].end, expiry);
  EXPECT_LE(*history()[1].end, history()[0].start);
  const HistoryCheck check = verify(history());
  EXPECT_TRUE(check.overlaps.empty());
  EXPECT_EQ(check.uncertain, 1u);
}

TEST_F(ElectorRecords, a_term_is_forgotten_after_thirty_days) {
  const TermRow old{.key = key_, .token = Token(1), .end = clock_->wall()};
  TermRow next = old;
  next.token = Token(2);
  ASSERT_EQ(memory_->record_term(old).outcome, Outcome::granted);
  clock_->advance(hours(24 * 31));
  ASSERT_EQ(memory_->record_term(next).outcome, Outcome::granted);
  ASSERT_EQ(history().size(), 1u);
  EXPECT_EQ(history()[0].token, Token(2));
}

TEST_F(ElectorRecords, hand_overs_leave_a_history_without_overlaps) {
  for (int round = 0; round < 10; ++round) {
    MongoElector first(session_, "billing", member("web-1"));
    MongoElector second(session(), "billing", member("web-2"));
    first.start();
    ASSERT_TRUE(leads(first));
    second.start();
    clock_->advance(seconds(1));
    first.stop();
    ASSERT_TRUE(leads(second));
  }
  ASSERT_TRUE(has_ended(20, EndedBy::released));
  const HistoryCheck check = verify(history());
  EXPECT_EQ(check.terms, 20u);
  EXPECT_TRUE(check.overlaps.empty());
  EXPECT_EQ(check.leaderless, Duration::zero());
}

TEST_F(ElectorRecords, a_master_that_is_asked_to_hands_over_and_stays_out) {
  MongoElector first(session_, "billing", member("web-1"));
  MongoElector second(session(), "billing", member("web-2"));
  first.start();
  ASSERT_TRUE(leads(first));
  second.start();
  ask_to_step_down(first, seconds(25));
  ASSERT_TRUE(leads(second)) << "at once: the row wakes";
  EXPECT_TRUE(first.running());
  EXPECT_TRUE(eventually([&] { return diary_.has("loss 1"); }));
  ASSERT_TRUE(has_ended(1, EndedBy::stepped_down));
  EXPECT_EQ(history().back().reason, "deploy");
  EXPECT_EQ(history().back().by, "ana@ops");
  second.stop();
  EXPECT_FALSE(in_time(seconds(22), [&] { return first.ismaster(); }));
  EXPECT_TRUE(in_time(seconds(5), [&] { return first.ismaster(); })) << "until its time is over";
}

TEST_F(ElectorRecords, a_named_successor_is_let_win_but_not_waited_for_for_ever) {
  MongoElector first(session_, "billing", member("web-1"));
  MongoElector second(session(), "billing", member("web-2"));
  first.start();
  ASSERT_TRUE(leads(first));
  second.start();
  // Whoever has not read yet what was asked for may well be faster than the successor.
  const auto hand_over_when_all_have_read = [&](const MongoElector& master, int candidates,
                                                const std::string& to) {
    store_->hang(Verb::release);
    ask_to_step_down(master, hours(1), to);
    let_control_be_read(candidates);
    store_->heal(Verb::release);
    EXPECT_TRUE(eventually([&] { return !memory_->read(key_).record; }));
  };
  hand_over_when_all_have_read(first, 2, "web-3");
  EXPECT_FALSE(in_time(seconds(5), [&] { return second.ismaster(); }));
  MongoElector third(session(), "billing", member("web-3"));
  third.start();
  EXPECT_TRUE(leads(third));
  hand_over_when_all_have_read(third, 3, "web-9");
  EXPECT_TRUE(in_time(seconds(25), [&] { return second.ismaster() || first.ismaster(); }));
}

TEST_F(ElectorRecords, a_hand_over_that_is_announced_happens_at_its_time) {
  MongoElector first(session_, "billing", member("web-1"));
  MongoElector second(session(), "billing", member("web-2"));
  first.start();
  ASSERT_TRUE(leads(first));
  second.start();
  // Between two looks at the row.
  const WallTime when = clock_->wall() + milliseconds(12'345);
  ask([&](ControlRow& row, WallTime) {
    row.stepdown = StepDown{.uuid = first.node_status().uuid,
                            .to = "web-2",
                            .at = when,
                            .until = when + hours(1)};
  });
  ASSERT_TRUE(in_time(seconds(20), [&] { return second.ismaster(); }));
  ASSERT_TRUE(has_ended(1, EndedBy::switchover));
  const WallTime ended = history().back().end.value();
  EXPECT_GE(ended, when);
  EXPECT_LT(ended, when + milliseconds(500));
}

TEST_F(ElectorRecords, in_a_pause_the_master_leads_on_and_nobody_new_is_elected) {
  MongoElector first(session_, "billing", member("web-1"));
  MongoElector second(session(), "billing", member("web-2"));
  first.start();
  ASSERT_TRUE(leads(first));
  second.start();
  pause_for(seconds(40));
  let_control_be_read(2);
  EXPECT_FALSE(in_time(seconds(12), [&] { return !first.ismaster(); }));
  first.stop();
  EXPECT_FALSE(in_time(seconds(12), [&] { return second.ismaster(); }));
  {
    MongoElector late(session(), "billing", member("web-3"));
    late.start();
    EXPECT_FALSE(in_time(seconds(5), [&] { return late.ismaster(); })) << "not a new one either";
  }
  EXPECT_TRUE(in_time(seconds(20), [&] { return second.ismaster(); })) << "it ends by itself";
}

TEST_F(ElectorRecords, a_pause_that_is_taken_back_is_over_at_once) {
  MongoElector elector(session_, "billing", member("web-1"));
  pause_for(hours(1));
  elector.start();
  EXPECT_FALSE(in_time(seconds(15), [&] { return elector.ismaster(); }));
  ask([](ControlRow& row, WallTime) { row.pause.reset(); });
  EXPECT_TRUE(leads(elector));
}

TEST_F(ElectorRecords, a_cordoned_member_stays_one_but_is_not_elected) {
  ask([](ControlRow& row, WallTime) { row.cordoned = {"web-1"}; });
  MongoElector first(session_, "billing", member("web-1"));
  MongoElector second(session(), "billing", member("web-2"));
  first.start();
  EXPECT_FALSE(in_time(seconds(15), [&] { return first.ismaster(); }));
  EXPECT_TRUE(first.running());
  EXPECT_EQ(first.cluster_detail().member_detail.size(), 1u);
  second.start();
  ASSERT_TRUE(leads(second));
  ask([](ControlRow& row, WallTime) { row.cordoned = {"web-2"}; });
  let_control_be_read(2);
  EXPECT_TRUE(second.ismaster()) << "a term that runs goes on";
  second.stop();
  EXPECT_TRUE(leads(first));
}

TEST_F(ElectorRecords, control_is_read_in_time_without_wake_ups) {
  store_->send_hints(false);
  MongoElector elector(session(), "billing", member("web-1"));
  elector.start();
  ASSERT_TRUE(leads(elector));
  ask_to_step_down(elector, seconds(60));
  EXPECT_TRUE(in_time(seconds(6), [&] { return !elector.ismaster(); }));
}

TEST_F(ElectorRecords, with_wake_ups_a_follower_at_rest_writes_and_reads_little) {
  MongoElector master(session_, "billing", member("web-1"));
  MongoElector follower(session(), "billing", member("web-2"));
  master.start();
  ASSERT_TRUE(leads(master));
  follower.start();
  const std::string uuid = follower.node_status().uuid;
  const auto rows = [&] {
    const auto all = store_->reports();
    return std::count_if(all.begin(), all.end(),
                         [&](const NodeStatus& row) { return row.uuid == uuid; });
  };
  ASSERT_TRUE(in_time(seconds(30), [&] { return rows() >= 2; }));
  const auto rows_before = rows();
  const int controls_before = store_->calls(Verb::read_control);
  bool shown = true;
  EXPECT_FALSE(in_time(seconds(80), [&] {
    shown = shown && master.cluster_detail().member_detail.size() == 2;
    return !master.ismaster();
  }));
  EXPECT_TRUE(shown) << "never called stale";
  EXPECT_GE(rows() - rows_before, 3);
  EXPECT_LE(rows() - rows_before, 5) << "one in two ttls";
  EXPECT_GE(store_->calls(Verb::read_control) - controls_before, 2) << "hints may be missing";
  EXPECT_LE(store_->calls(Verb::read_control) - controls_before, 2 * 3) << "one in four ttls each";
}

TEST_F(ElectorRecords, beside_python_members_rows_are_not_swept_before_the_next) {
  MongoElector follower(
      std::make_shared<Session>(
          store_, ConnectOptions{.python_fleet = PythonFleet::v0, .clock = clock_}),
      "billing", member("web-2"));
  MongoElector master(session_, "billing", member("web-1"));
  master.start();
  ASSERT_TRUE(leads(master));
  follower.start();
  const std::string uuid = follower.node_status().uuid;
  const auto rows = [&] {
    const auto all = store_->reports();
    return std::count_if(all.begin(), all.end(),
                         [&](const NodeStatus& row) { return row.uuid == uuid; });
  };
  ASSERT_TRUE(eventually([&] { return rows() >= 1; }));
  for (int ttl = 0; ttl < 4; ++ttl) {
    const auto before = rows();
    EXPECT_TRUE(in_time(seconds(10), [&] { return rows() > before; })) << "their index: one ttl";
  }
}

TEST_F(ElectorRecords, a_control_row_that_cannot_be_read_delays_a_start_by_one_call_at_most) {
  store_->hang(Verb::read_control);
  MongoElector elector(session_, "billing", member("web-1"));
  elector.start();
  EXPECT_TRUE(in_time(milliseconds(1100), [&] { return elector.ismaster(); }));
  store_->heal();
}

TEST_F(ElectorRecords, poll_alone_heeds_a_pause_too) {
  pause_for(seconds(60));
  MongoElector elector(session_, "billing", member("web-1"));
  elector.poll();
  EXPECT_FALSE(elector.ismaster());
  ask([](ControlRow& row, WallTime) { row.pause.reset(); });
  elector.poll();
  EXPECT_TRUE(elector.ismaster());
}

}  // namespace
}  // namespace mongoelector::test
