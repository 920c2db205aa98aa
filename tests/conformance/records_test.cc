// History and control (S13, S14 of mongoelector/store.h) on every store.
#include <atomic>
#include <thread>

#include "base/ids.h"
#include "base/records.h"
#include "conformance/fixture.h"
#include "support/eventually.h"

namespace mongoelector::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

class Records : public testing::TestWithParam<StoreUnderTest> {
 protected:
  // In whole milliseconds, which is what stores keep.
  static WallTime at(int second) {
    return WallTime(hours(24 * 365 * 56)) + seconds(second) + milliseconds(7);
  }
  TermRow term(std::uint64_t token, int start) const {
    return {.key = key_,
            .token = Token(token),
            .number = 17,
            .holder = {.uuid = internal::new_uuid(),
                       .host = "host.example",
                       .pid = 4711,
                       .label = "web-1"},
            .start = at(start),
            .blur = milliseconds(3)};
  }
  static TermRow ended(TermRow row, EndedBy ended_by, int end) {
    row.ended_by = ended_by;
    row.end = at(end);
    return row;
  }
  std::vector<TermRow> rows(WallTime since = {}, std::size_t limit = 100) {
    const HistoryReply reply = other_->history(key_, since, limit);
    EXPECT_EQ(reply.outcome, Outcome::granted) << reply.detail;
    return reply.rows;
  }
  ControlRow control() {
    const ControlReply reply = other_->read_control(key_);
    EXPECT_EQ(reply.outcome, Outcome::granted) << reply.detail;
    return reply.row.value_or(ControlRow{.key = key_});
  }

  std::unique_ptr<StoreFixture> fixture_ = GetParam().make();
  std::shared_ptr<LeaseStore> store_ = fixture_->open();
  std::shared_ptr<LeaseStore> other_ = fixture_->open();
  const Key key_ = Key::election("$$NOW");
};

TEST_P(Records, a_term_is_kept_as_it_was_written) {
  EXPECT_TRUE(rows().empty());
  // Tokens of MongoDB use the upper half.
  const TermRow open = term(std::uint64_t{0xF0000000} << 32 | 5, 10);
  const bool sqlite = GetParam().name == "sqlite";
  TermRow row = open;
  if (sqlite) row.token = Token(std::uint64_t{5} << 40);
  ASSERT_EQ(store_->record_term(row).outcome, Outcome::granted);
  ASSERT_EQ(rows().size(), 1u);
  EXPECT_EQ(rows()[0].ended_by, EndedBy::open);
  EXPECT_FALSE(rows()[0].end);
  TermRow stepped_down = ended(row, EndedBy::stepped_down, 20);
  stepped_down.reason = "$deploy";
  stepped_down.by = "ana@ops";
  ASSERT_EQ(store_->record_term(stepped_down).outcome, Outcome::granted);
  const auto shown = rows();
  ASSERT_EQ(shown.size(), 1u);
  EXPECT_EQ(shown[0].key, key_);
  EXPECT_EQ(shown[0].token, row.token);
  EXPECT_EQ(shown[0].number, 17u);
  EXPECT_EQ(shown[0].holder.uuid, row.holder.uuid);
  EXPECT_EQ(shown[0].holder.host, "host.example");
  EXPECT_EQ(shown[0].holder.pid, 4711);
  EXPECT_EQ(shown[0].holder.label, "web-1");
  EXPECT_EQ(shown[0].start, at(10));
  EXPECT_EQ(shown[0].end, at(20));
  EXPECT_EQ(shown[0].ended_by, EndedBy::stepped_down);
  EXPECT_EQ(shown[0].reason, "$deploy");
  EXPECT_EQ(shown[0].by, "ana@ops");
  EXPECT_EQ(shown[0].blur, milliseconds(3));
}

TEST_P(Records, S13_no_guess_takes_the_place_of_any_word_of_a_holder) {
  std::uint64_t token = 0;
  for (const EndedBy word : internal::kEndings) {
    const TermRow open = term(++token, 0);
    ASSERT_EQ(store_->record_term(ended(open, word, 20)).outcome, Outcome::granted);
    const bool guess = word == EndedBy::open;
    EXPECT_EQ(store_->record_term(ended(open, EndedBy::expired, 30)).outcome,
              guess ? Outcome::granted : Outcome::lost)
        << to_string(word);
    EXPECT_EQ(rows()[0].ended_by, guess ? EndedBy::expired : word);
  }
}

TEST_P(Records, S13_a_guess_gives_way_to_the_holders_word_and_nothing_else_changes) {
  const TermRow open = term(1, 0);
  ASSERT_EQ(store_->record_term(open).outcome, Outcome::granted);
  EXPECT_EQ(store_->record_term(open).outcome, Outcome::lost);
  EXPECT_EQ(store_->record_term(ended(open, EndedBy::expired, 30)).outcome, Outcome::granted);
  EXPECT_EQ(store_->record_term(ended(open, EndedBy::expired, 60)).outcome, Outcome::lost);
  EXPECT_EQ(store_->record_term(open).outcome, Outcome::lost);
  EXPECT_EQ(rows()[0].end, at(30));
  EXPECT_EQ(store_->record_term(ended(open, EndedBy::released, 20)).outcome, Outcome::granted);
  EXPECT_EQ(store_->record_term(ended(open, EndedBy::expired, 40)).outcome, Outcome::lost);
  EXPECT_EQ(store_->record_term(ended(open, EndedBy::lost, 50)).outcome, Outcome::lost);
  ASSERT_EQ(rows().size(), 1u);
  EXPECT_EQ(rows()[0].ended_by, EndedBy::released);
  EXPECT_EQ(rows()[0].end, at(20));
}

TEST_P(Records, history_is_of_one_key_newest_first_limited_and_since) {
  TermRow foreign = term(9, 0);
  foreign.key = Key::election("$$NOW!");
  ASSERT_EQ(store_->record_term(foreign).outcome, Outcome::granted);
  for (const int token : {2, 1, 3}) {
    ASSERT_EQ(store_->record_term(ended(term(token, 100 * token), EndedBy::released,
                                        100 * token + 50))
                  .outcome,
              Outcome::granted);
  }
  ASSERT_EQ(store_->record_term(term(4, 400)).outcome, Outcome::granted);
  const auto tokens = [](const std::vector<TermRow>& shown) {
    std::vector<std::uint64_t> values;
    for (const TermRow& row : shown) values.push_back(row.token.value());
    return values;
  };
  EXPECT_EQ(tokens(rows()), (std::vector<std::uint64_t>{4, 3, 2, 1}));
  EXPECT_EQ(tokens(rows({}, 2)), (std::vector<std::uint64_t>{4, 3}));
  EXPECT_TRUE(rows({}, 0).empty());
  EXPECT_EQ(tokens(rows(at(250))), (std::vector<std::uint64_t>{4, 3, 2}));
  EXPECT_EQ(tokens(rows(at(251))), (std::vector<std::uint64_t>{4, 3}));
}

TEST_P(Records, a_control_row_is_kept_as_it_was_written) {
  EXPECT_FALSE(other_->read_control(key_).row);
  const ControlRow wanted{
      .key = key_,
      .stepdown = StepDown{.uuid = "$uuid",
                           .to = "web-2",
                           .at = at(0),
                           .until = at(60),
                           .reason = "deploy",
                           .by = "ana@ops"},
      .pause = Pause{.until = at(3600), .reason = "migration", .by = "bob@ops"},
      .cordoned = {"$ROOT", "web-3"}};
  ASSERT_EQ(store_->write_control(wanted).outcome, Outcome::granted);
  ControlRow shown = control();
  EXPECT_GT(shown.version, 0u);
  ASSERT_TRUE(shown.stepdown);
  EXPECT_EQ(shown.stepdown->uuid, "$uuid");
  EXPECT_EQ(shown.stepdown->to, "web-2");
  EXPECT_EQ(shown.stepdown->at, at(0));
  EXPECT_EQ(shown.stepdown->until, at(60));
  EXPECT_EQ(shown.stepdown->reason, "deploy");
  EXPECT_EQ(shown.stepdown->by, "ana@ops");
  ASSERT_TRUE(shown.pause);
  EXPECT_EQ(shown.pause->until, at(3600));
  EXPECT_EQ(shown.pause->reason, "migration");
  EXPECT_EQ(shown.pause->by, "bob@ops");
  EXPECT_EQ(shown.cordoned, (std::vector<std::string>{"$ROOT", "web-3"}));
  EXPECT_GT(other_->read_control(key_).time, WallTime{});
  EXPECT_FALSE(other_->read_control(Key::election("another")).row);

  shown.stepdown.reset();
  shown.pause.reset();
  shown.cordoned.clear();
  ASSERT_EQ(other_->write_control(shown).outcome, Outcome::granted);
  const ControlRow emptied = control();
  EXPECT_GT(emptied.version, shown.version);
  EXPECT_FALSE(emptied.stepdown);
  EXPECT_FALSE(emptied.pause);
  EXPECT_TRUE(emptied.cordoned.empty());
}

TEST_P(Records, S14_one_winner_among_concurrent_writers_of_one_version) {
  for (int round = 0; round < 5; ++round) {
    const ControlRow seen = control();
    std::atomic<int> granted{0};
    std::atomic<int> lost{0};
    std::vector<std::thread> operators;
    for (int i = 0; i < 4; ++i) {
      operators.emplace_back([&, mine = seen, i]() mutable {
        mine.cordoned = {"by " + std::to_string(i)};
        const Outcome outcome = (i % 2 ? other_ : store_)->write_control(mine).outcome;
        granted += outcome == Outcome::granted;
        lost += outcome == Outcome::lost;
      });
    }
    for (auto& one : operators) one.join();
    EXPECT_EQ(granted, 1);
    EXPECT_EQ(lost, 3);
  }
  ControlRow stale = control();
  stale.version = 0;
  EXPECT_EQ(store_->write_control(stale).outcome, Outcome::lost);
}

TEST_P(Records, operators_that_are_in_each_others_way_get_through) {
  std::vector<std::thread> operators;
  std::atomic<int> granted{0};
  for (int i = 0; i < 3; ++i) {
    operators.emplace_back([&, i] {
      const auto add = [&](ControlRow& row, WallTime now) {
        EXPECT_GT(now, WallTime{}) << "the store's clock";
        row.cordoned.push_back("web-" + std::to_string(i));
      };
      granted += change_control(i % 2 ? *other_ : *store_, key_, add).outcome == Outcome::granted;
    });
  }
  for (auto& one : operators) one.join();
  EXPECT_EQ(granted, 3);
  EXPECT_EQ(control().cordoned.size(), 3u);
}

TEST_P(Records, a_written_control_row_is_hinted_at) {
  const auto watch = other_->watch();
  EXPECT_EQ(watch != nullptr, GetParam().sends_hints);
  ASSERT_EQ(store_->write_control({.key = key_}).outcome, Outcome::granted);
  bool hinted = false;
  for (int i = 0; watch && i < 5 && !hinted; ++i) hinted = watch->next().anything;
  EXPECT_EQ(hinted, GetParam().sends_hints);
}

TEST_P(Records, who_waits_is_counted_over_all_processes_until_nobody_does) {
  ASSERT_TRUE(store_->keeps_waiters());
  const Key lock = Key::lock("$$NOW");
  const Key another = Key::lock("$$NOW/2");
  const auto tell = [&](LeaseStore& from, const Key& key, const char* uuid, std::int64_t waiting) {
    const WaitersRow row{.key = key, .uuid = uuid, .waiting = waiting, .ttl = seconds(60)};
    EXPECT_EQ(from.report_waiters(row).outcome, Outcome::granted);
  };
  const auto told = [&](const std::string& prefix) {
    const WaitersReply reply = store_->waiters(prefix);
    EXPECT_EQ(reply.outcome, Outcome::granted) << reply.detail;
    return reply.waiting;
  };
  using Waiting = std::map<Key, std::int64_t>;
  EXPECT_EQ(told(""), Waiting{});
  tell(*store_, lock, "u-1", 1);
  tell(*other_, lock, "u-2", 3);
  tell(*other_, another, "u-2", 1);
  EXPECT_EQ(told(""), (Waiting{{lock, 4}, {another, 1}}));
  EXPECT_EQ(told("$$NOW/"), (Waiting{{another, 1}}));
  tell(*other_, lock, "u-2", 1);
  EXPECT_EQ(told("")[lock], 2) << "a process has one row";
  tell(*other_, lock, "u-2", 0);
  tell(*other_, another, "u-2", 0);
  EXPECT_EQ(told(""), (Waiting{{lock, 1}}));
}

TEST_P(Records, who_waited_and_died_is_not_counted_for_longer_than_its_ttl) {
  const Key lock = Key::lock("nightly");
  ASSERT_EQ(store_->report_waiters({.key = lock, .uuid = "u-1", .waiting = 1, .ttl = seconds(60)})
                .outcome,
            Outcome::granted);
  const milliseconds moment(20);
  ASSERT_EQ(other_->report_waiters({.key = lock, .uuid = "u-2", .waiting = 1, .ttl = moment})
                .outcome,
            Outcome::granted);
  // A lease that is granted for as long says when that is over by a clock that only moves with it.
  const Key another = Key::lock("another");
  ASSERT_EQ(store_->claim({.key = another, .holder = {.uuid = "u"}, .lease_id = LeaseId("l"),
                           .ttl = moment})
                .outcome,
            Outcome::granted);
  fixture_->let_lapse(another);
  EXPECT_TRUE(eventually([&] {
    return store_->waiters("").waiting == std::map<Key, std::int64_t>{{lock, 1}};
  }));
}

TEST_P(Records, telling_who_waits_wakes_nobody) {
  const Key lock = Key::lock("nightly");
  const Lease lease{.key = lock, .id = LeaseId("ours"), .ttl = seconds(60)};
  ASSERT_EQ(store_->claim({.key = lock, .holder = {.uuid = "u"}, .lease_id = lease.id,
                           .ttl = lease.ttl})
                .outcome,
            Outcome::granted);
  const auto watch = other_->watch();
  ASSERT_EQ(watch != nullptr, GetParam().sends_hints);
  for (const std::int64_t waiting : {1, 2, 0}) {
    ASSERT_EQ(store_->report_waiters(
                        {.key = lock, .uuid = "u-1", .waiting = waiting, .ttl = seconds(60)})
                  .outcome,
              Outcome::granted);
  }
  if (!watch) return;  // so nobody could be woken
  if (GetParam().name == "replica_set") {
    // What comes first is what happened first.
    ASSERT_EQ(store_->release(lease).outcome, Outcome::granted);
    const Watch::Hints hints = watch->next();
    EXPECT_FALSE(hints.anything);
    EXPECT_EQ(hints.freed, std::vector<Key>{lock});
  } else {
    watch->cancel();
    const Watch::Hints hints = watch->next();
    EXPECT_TRUE(hints.ended);
    EXPECT_FALSE(hints.anything) << "seen before the end";
    EXPECT_TRUE(hints.freed.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Stores, Records,
    testing::Values(StoreUnderTest{"memory", true, make_memory_fixture},
                    StoreUnderTest{"sqlite", true, make_sqlite_fixture},
                    StoreUnderTest{"replica_set", true, make_replica_set_fixture},
                    StoreUnderTest{"standalone", false, make_standalone_fixture}),
    [](const auto& store) { return store.param.name; });

}  // namespace
}  // namespace mongoelector::test
