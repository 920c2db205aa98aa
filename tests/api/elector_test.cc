// What MongoElector promises, on the memory store with a clock that only the test moves.
#include "mongoelector/elector.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

#include "api/elector_fixture.h"

namespace mongoelector::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(Elector, a_lone_candidate_leads_and_gives_back) {
  Diary diary;
  MongoElector elector(session_, "billing", options(diary));
  EXPECT_FALSE(elector.running());
  EXPECT_FALSE(elector.ismaster());
  EXPECT_FALSE(elector.master_exists());
  elector.start();
  elector.start();  // harmless
  ASSERT_TRUE(leads(elector));
  EXPECT_TRUE(elector.running());
  EXPECT_TRUE(elector.master_exists());
  ASSERT_TRUE(elector.term());
  EXPECT_TRUE(elector.term()->valid());
  EXPECT_LE(elector.pollwait(), seconds(2));
  elector.stop();
  EXPECT_FALSE(elector.running());
  EXPECT_FALSE(elector.ismaster());
  EXPECT_FALSE(elector.master_exists());
  EXPECT_EQ(elector.pollwait(), Duration::zero());
  EXPECT_EQ(diary.lines(), (std::vector<std::string>{"master 1", "loss 1"}));
  elector.stop();  // harmless
  elector.start();
  ASSERT_TRUE(leads(elector));
  elector.stop();
  EXPECT_EQ(diary.lines(), (std::vector<std::string>{"master 1", "loss 1", "master 2", "loss 2"}));
}

TEST_F(Elector, a_clean_stop_hands_over_at_once) {
  Diary first_diary;
  Diary second_diary;
  MongoElector first(session_, "billing", options(first_diary));
  MongoElector second(session(), "billing", options(second_diary));
  first.start();
  ASSERT_TRUE(leads(first));
  second.start();
  second.poll();
  EXPECT_FALSE(second.ismaster());
  EXPECT_TRUE(second.master_exists());
  const Instant before = clock_->now();
  first.stop();
  EXPECT_TRUE(leads(second));
  EXPECT_EQ(clock_->now(), before);
  EXPECT_TRUE(eventually([&] { return second_diary.has("master 2"); }));
}

TEST_F(Elector, the_end_of_work_comes_before_the_end_of_the_lease) {
  bool stopped_first = false;
  bool still_held = false;
  bool no_master = false;
  Diary diary;
  ElectorOptions wanted = options(diary);
  MongoElector* self = nullptr;
  wanted.onmasterloss = [&](const Term& term) {
    stopped_first = term.stop_token().stop_requested() && !term.valid();
    no_master = !self->ismaster();
    const auto record = memory_->read(key_).record;
    still_held = record && record->token == term.token();
  };
  MongoElector elector(session_, "billing", wanted);
  self = &elector;
  elector.start();
  ASSERT_TRUE(leads(elector));
  elector.stop();
  EXPECT_TRUE(stopped_first);
  EXPECT_TRUE(no_master);
  EXPECT_TRUE(still_held);
  EXPECT_FALSE(memory_->read(key_).record);
}

TEST_F(Elector, the_lease_is_renewed_while_onmasterloss_runs) {
  std::atomic<bool> go{false};
  std::atomic<bool> in_loss{false};
  Diary diary;
  ElectorOptions wanted = options(diary);
  wanted.loss_callback_within = seconds(100);
  wanted.onmasterloss = [&](const Term&) {
    in_loss = true;
    go.wait(false);
  };
  MongoElector elector(session_, "billing", wanted);
  elector.start();
  ASSERT_TRUE(leads(elector));
  auto stopping = std::async(std::launch::async, [&] { elector.stop(); });
  ASSERT_TRUE(eventually([&] { return in_loss.load(); }));
  for (int i = 0; i < 25; ++i) {
    clock_->advance(seconds(1));
    ASSERT_TRUE(eventually([&] { return memory_->read(key_).record->remaining > seconds(6); }));
  }
  go = true;
  go.notify_all();
  stopping.get();
  EXPECT_FALSE(memory_->read(key_).record);
}

TEST_F(Elector, an_onmasterloss_that_does_not_end_lets_the_lease_run_out) {
  std::atomic<bool> go{false};
  Diary diary;
  ElectorOptions wanted = options(diary);
  wanted.onmasterloss = [&](const Term&) { go.wait(false); };
  MongoElector elector(session_, "billing", wanted);
  elector.start();
  ASSERT_TRUE(leads(elector));
  auto stopping = std::async(std::launch::async, [&] { elector.stop(); });
  ASSERT_TRUE(eventually([&] { return !elector.running(); }));  // only now may time pass
  EXPECT_TRUE(in_time(elector.stop_bound() + seconds(3),
                      [&] { return stopping.wait_for(seconds(0)) == std::future_status::ready; }));
  // Not deleted under the work that may still run; it ends by itself.
  EXPECT_TRUE(in_time(seconds(11), [&] { return memory_->read(key_).record->claimable; }));
  go = true;
  go.notify_all();
  EXPECT_TRUE(eventually([&] { return events_.has("callback_slow"); }));
}

TEST_F(Elector, steps_down_in_time_while_every_call_hangs) {
  Diary diary;
  MongoElector elector(session_, "billing", options(diary));
  elector.start();
  ASSERT_TRUE(leads(elector));
  ASSERT_TRUE(eventually([&] { return diary.has("master 1"); }));
  const std::stop_token ended = elector.term()->stop_token();
  const Instant expires = clock_->now() + memory_->read(key_).record->remaining;
  store_->hang_all();
  EXPECT_TRUE(in_time(seconds(10), [&] { return diary.has("loss 1"); }));
  EXPECT_LT(clock_->now(), expires);
  EXPECT_FALSE(elector.ismaster());
  EXPECT_TRUE(ended.stop_requested());
  EXPECT_FALSE(elector.term());
  // stop() and the destructor keep their bound too.
  auto stopping = std::async(std::launch::async, [&] { elector.stop(); });
  ASSERT_TRUE(eventually([&] { return !elector.running(); }));  // only now may time pass
  EXPECT_TRUE(in_time(elector.stop_bound() + seconds(3),
                      [&] { return stopping.wait_for(seconds(0)) == std::future_status::ready; }));
  store_->heal();
}

TEST_F(Elector, a_late_renewal_revives_nothing) {
  Diary diary;
  MongoElector elector(session_, "billing", options(diary));
  elector.start();
  ASSERT_TRUE(leads(elector));
  const Term term = *elector.term();
  store_->hang(Verb::renew);
  ASSERT_TRUE(in_time(seconds(10), [&] { return diary.has("loss 1"); }));
  store_->heal();
  ASSERT_TRUE(in_time(seconds(30), [&] { return elector.ismaster(); }));
  EXPECT_FALSE(term.valid());
  EXPECT_GT(elector.term()->token(), term.token());
  ASSERT_TRUE(eventually([&] { return diary.lines().size() == 3; }));
  EXPECT_EQ(diary.lines(),
            (std::vector<std::string>{"master 1", "loss 1", "master " + name(*elector.term())}));
}

TEST_F(Elector, a_crash_is_taken_over_when_the_lease_has_run_out) {
  Diary diary;
  MongoElector elector(session_, "billing", options(diary));
  ASSERT_EQ(memory_
                ->claim({.key = key_,
                         .holder = {.uuid = "crashed", .host = "gone", .pid = 1},
                         .lease_id = LeaseId("crashed"),
                         .ttl = seconds(10)})
                .outcome,
            Outcome::granted);
  elector.start();
  const Instant expires = clock_->now() + seconds(10);
  ASSERT_TRUE(in_time(seconds(12), [&] { return elector.ismaster(); }));
  EXPECT_GE(clock_->now(), expires);
  EXPECT_LE(clock_->now(), expires + milliseconds(500));
}

TEST_F(Elector, a_lost_answer_leads_to_one_term_not_two) {
  Diary diary;
  store_->lose_replies(Verb::claim);
  MongoElector elector(session_, "billing", options(diary));
  elector.start();
  ASSERT_TRUE(eventually([&] { return store_->calls(Verb::claim) >= 1; }));
  EXPECT_FALSE(elector.ismaster());
  store_->heal();
  EXPECT_TRUE(in_time(seconds(2), [&] { return elector.ismaster(); }));
  elector.stop();
  EXPECT_EQ(diary.lines().size(), 2u);
}

TEST_F(Elector, an_onmaster_that_throws_cannot_lead) {
  Diary diary;
  ElectorOptions wanted = options(diary);
  wanted.onmaster = [](const Term&) { throw std::runtime_error("no worker"); };
  MongoElector elector(session_, "billing", wanted);
  elector.start();
  ASSERT_TRUE(eventually([&] { return diary.has("loss 1"); }));
  EXPECT_TRUE(eventually([&] { return !memory_->read(key_).record; }));
  EXPECT_TRUE(eventually([&] { return events_.has("callback_failed"); }));
  EXPECT_FALSE(elector.ismaster());
  EXPECT_TRUE(elector.running());
  // Somebody else can win now; this one holds off for a ttl.
  const int claims = store_->calls(Verb::claim);
  clock_->advance(seconds(9));
  Diary other_diary;
  MongoElector other(session(), "billing", options(other_diary));
  other.start();
  EXPECT_TRUE(leads(other));
  EXPECT_EQ(store_->calls(Verb::claim), claims + 1);
}

TEST_F(Elector, release_lets_somebody_else_win) {
  Diary diary;
  MongoElector elector(session_, "billing", options(diary));
  elector.start();
  ASSERT_TRUE(leads(elector));
  elector.release();
  EXPECT_FALSE(elector.ismaster());
  EXPECT_TRUE(elector.running());
  EXPECT_FALSE(elector.master_exists());
  elector.poll();
  EXPECT_FALSE(elector.ismaster());
  EXPECT_TRUE(in_time(seconds(12), [&] { return elector.ismaster(); }));
}

TEST_F(Elector, callbacks_may_call_anything) {
  Diary diary;
  MongoElector* self = nullptr;
  ElectorOptions wanted = options(diary);
  wanted.onmaster = [&](const Term& term) {
    diary.write("master " + name(term));
    self->poll();
    self->report_status();
    self->cluster_detail();
    if (term.token() == Token(1)) self->release();
    if (term.token() == Token(2)) self->stop();
  };
  MongoElector elector(session_, "billing", wanted);
  self = &elector;
  elector.start();
  ASSERT_TRUE(eventually([&] { return diary.has("loss 1"); }));
  ASSERT_TRUE(in_time(seconds(12), [&] { return diary.has("loss 2"); }));
  EXPECT_TRUE(eventually([&] { return !memory_->read(key_).record; }));
  EXPECT_FALSE(elector.running());
}

TEST_F(Elector, start_can_block_until_somebody_stops_it) {
  Diary diary;
  MongoElector elector(session_, "billing", options(diary));
  auto blocking = std::async(std::launch::async, [&] { elector.start(true); });
  ASSERT_TRUE(leads(elector));
  EXPECT_NE(blocking.wait_for(seconds(0)), std::future_status::ready);
  elector.stop();
  EXPECT_EQ(blocking.wait_for(seconds(20)), std::future_status::ready);
}

TEST_F(Elector, poll_alone_can_win_and_keeps_what_it_won) {
  std::atomic<int> loops{0};
  Diary diary;
  ElectorOptions wanted = options(diary);
  wanted.onloop = [&] { ++loops; };
  MongoElector elector(session_, "billing", wanted);
  elector.poll();
  EXPECT_TRUE(elector.ismaster());
  EXPECT_FALSE(elector.running());
  EXPECT_TRUE(eventually([&] { return loops >= 1; }));
  const int renewals = store_->calls(Verb::renew);
  elector.poll();
  EXPECT_GT(store_->calls(Verb::renew), renewals);
  store_->refuse(Verb::renew, Outcome::unreachable);
  EXPECT_THROW(elector.poll(), StoreError);
  store_->heal();
  elector.stop();
  EXPECT_FALSE(elector.ismaster());
  EXPECT_FALSE(memory_->read(key_).record);
}

TEST_F(Elector, tells_about_itself_and_its_cluster) {
  Diary diary;
  ElectorOptions wanted = options(diary);
  wanted.app_version = "1.2";
  wanted.label = "web-1";
  MongoElector elector(session_, "billing", wanted);
  MongoElector second(session(), "billing", options(diary));
  elector.start();
  ASSERT_TRUE(leads(elector));
  second.start();
  const NodeStatus status = elector.node_status();
  EXPECT_TRUE(status.ismaster && status.lock_owned && status.elector_running);
  EXPECT_EQ(status.app_version, "1.2");
  EXPECT_EQ(status.pid, getpid());
  EXPECT_EQ(*status.lock_expires - *status.lock_created, seconds(10));
  EXPECT_TRUE(eventually([&] {
    const ClusterDetail detail = elector.cluster_detail();
    return detail.master && detail.master->uuid == status.uuid && detail.member_detail.size() == 2;
  }));
  elector.stop();
  second.stop();
  EXPECT_TRUE(elector.cluster_detail().member_detail.empty());
  EXPECT_FALSE(elector.cluster_detail().master);
}

TEST_F(Elector, a_damaged_record_is_reported_and_left_alone) {
  Diary diary;
  store_->refuse(Verb::read, Outcome::damaged);
  MongoElector elector(session_, "billing", options(diary));
  elector.start();
  EXPECT_TRUE(eventually([&] { return events_.has("damaged_record"); }));
  EXPECT_THROW(elector.master_exists(), StoreError);
  EXPECT_FALSE(elector.ismaster());
  EXPECT_EQ(store_->calls(Verb::claim), 0);
}

TEST_F(Elector, does_not_contend_with_a_clock_that_is_off) {
  Diary diary;
  store_->show_time(clock_->wall() - seconds(3));
  MongoElector elector(session_, "billing", options(diary));
  elector.start();
  EXPECT_TRUE(eventually([&] { return events_.has("time_offset"); }));
  EXPECT_EQ(store_->calls(Verb::claim), 0);
  store_->show_time(std::nullopt);
  EXPECT_TRUE(in_time(seconds(5), [&] { return elector.ismaster(); }));
}

TEST_F(Elector, a_master_checks_its_clock_every_ten_minutes_and_says_once_that_it_is_off) {
  Diary diary;
  ElectorOptions wanted = options(diary);
  wanted.ttl = seconds(100);
  MongoElector elector(session_, "billing", wanted);
  elector.start();
  ASSERT_TRUE(leads(elector));
  const auto pass = [&](int minutes) {
    for (int step = 0; step < minutes * 6; ++step) {
      const int renewals = store_->calls(Verb::renew);
      clock_->advance(seconds(10));
      // A renewal is due every other time.
      if (step % 2 == 1) {
        ASSERT_TRUE(eventually([&] { return store_->calls(Verb::renew) > renewals; }));
      }
    }
  };
  store_->show_time(clock_->wall() + std::chrono::hours(1));
  pass(8);
  EXPECT_FALSE(events_.has("time_offset")) << "not yet";
  pass(4);
  EXPECT_TRUE(eventually([&] { return events_.has("time_offset"); }));
  pass(4);
  const auto told = events_.lines();
  EXPECT_EQ(std::count(told.begin(), told.end(), "time_offset"), 1);
  EXPECT_TRUE(elector.ismaster()) << "the lease goes by the store's time";
}

TEST_F(Elector, no_callback_runs_after_its_end) {
  std::atomic<bool> alive{true};
  std::atomic<bool> late{false};
  for (int round = 0; round < 50; ++round) {
    alive = true;
    ElectorOptions wanted;
    wanted.onmaster = [&](const Term&) { late = late || !alive; };
    wanted.onmasterloss = [&](const Term&) { late = late || !alive; };
    wanted.onloop = [&] { late = late || !alive; };
    {
      MongoElector elector(session_, "billing", wanted);
      elector.start();
      if (round % 2) leads(elector);
    }
    alive = false;
  }
  EXPECT_FALSE(late);
  EXPECT_FALSE(memory_->read(key_).record);
}

TEST_F(Elector, is_inert_in_a_forked_child) {
  Diary diary;
  MongoElector elector(session_, "billing", options(diary));
  elector.start();
  ASSERT_TRUE(leads(elector));
  const Term term = *elector.term();
  const pid_t child = fork();
  if (child == 0) {
    bool inert = !elector.ismaster() && !term.valid() && !elector.running();
    elector.stop();
    elector.release();
    elector.~MongoElector();
    session_.reset();
    _exit(inert ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(elector.ismaster());
  EXPECT_TRUE(memory_->read(key_).record);
}

TEST_F(Elector, refuses_what_cannot_work) {
  EXPECT_THROW(MongoElector(session_, ""), ArgumentError);
  EXPECT_THROW(MongoElector(nullptr, "a"), ArgumentError);
  EXPECT_THROW(MongoElector(session_, "a", {.ttl = milliseconds(1)}), ArgumentError);
  EXPECT_THROW(MongoElector(session_, "a", {.loss_callback_within = seconds(0)}), ArgumentError);
  EXPECT_THROW(MongoElector(session_, "a", {.app_version = "\xff"}), ArgumentError);
  try {
    MongoElector(session_, "a", {.ttl = seconds(10), .timing = {.call_budget = seconds(3)}});
    FAIL();
  } catch (const ArgumentError& error) {
    const std::string message = error.what();
    for (const char* part : {"call_budget 3s", "retry_pause 500ms", "ttl 10s", "margin 2s"})
      EXPECT_NE(message.find(part), std::string::npos) << message;
  }
  store_->be_shared(true);
  EXPECT_THROW(MongoElector(session(), "a", {.ttl = milliseconds(999)}), ArgumentError);
}

}  // namespace
}  // namespace mongoelector::test
