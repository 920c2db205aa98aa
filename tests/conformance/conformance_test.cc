// S1-S12 of mongoelector/store.h, one body per promise, on every store.
#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

#include "base/ids.h"
#include "conformance/fixture.h"

namespace mongoelector::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Conformance : public testing::TestWithParam<StoreUnderTest> {
 protected:
  ClaimRequest request(const Key& key, Duration ttl = seconds(60)) {
    return {.key = key,
            .holder = {.uuid = internal::new_uuid(), .host = "host.example", .pid = 4711},
            .lease_id = internal::new_lease_id(),
            .ttl = ttl};
  }
  static Lease lease_of(const ClaimRequest& request, Token token) {
    return {.key = request.key, .id = request.lease_id, .token = token, .ttl = request.ttl};
  }
  Lease hold(LeaseStore& store, const Key& key) {
    const ClaimRequest mine = request(key);
    const ClaimReply reply = store.claim(mine);
    EXPECT_EQ(reply.outcome, Outcome::granted) << reply.detail;
    return lease_of(mine, reply.token);
  }
  Outcome renew(LeaseStore& store, const Lease& lease) {
    const RenewReply reply = store.renew({&lease, 1});
    EXPECT_EQ(reply.outcomes.size(), 1u);
    return reply.outcomes.empty() ? Outcome::unknown : reply.outcomes[0];
  }
  std::optional<Record> shown(LeaseStore& store, const Key& key) {
    const ReadReply reply = store.read(key);
    EXPECT_EQ(reply.outcome, Outcome::granted) << reply.detail;
    return reply.record;
  }

  std::unique_ptr<StoreFixture> fixture_ = GetParam().make();
  std::shared_ptr<LeaseStore> store_ = fixture_->open();
  std::shared_ptr<LeaseStore> other_ = fixture_->open();
  const Key key_ = Key::lock("nightly");
};

TEST_P(Conformance, S1_one_winner_among_concurrent_claims) {
  for (int round = 0; round < 20; ++round) {
    const Key key = Key::lock("contended " + std::to_string(round));
    std::atomic<int> granted{0};
    std::atomic<int> held{0};
    std::vector<std::thread> claimants;
    for (int i = 0; i < 8; ++i) {
      claimants.emplace_back([&, mine = request(key), i] {
        const ClaimReply reply = (i % 2 ? other_ : store_)->claim(mine);
        granted += reply.outcome == Outcome::granted;
        held += reply.outcome == Outcome::held;
      });
    }
    for (auto& claimant : claimants) claimant.join();
    EXPECT_EQ(granted, 1);
    EXPECT_EQ(held, 7);
  }
}

TEST_P(Conformance, S1_a_held_key_is_refused_and_names_its_holder) {
  const Lease lease = hold(*store_, key_);
  const ClaimReply refused = other_->claim(request(key_));
  EXPECT_EQ(refused.outcome, Outcome::held);
  ASSERT_TRUE(refused.record);
  EXPECT_EQ(refused.record->lease_id, lease.id);
  EXPECT_EQ(refused.record->holder.host, "host.example");
  EXPECT_EQ(refused.record->holder.pid, 4711);
}

TEST_P(Conformance, S2_an_expired_lease_is_free_at_once) {
  hold(*store_, key_);
  fixture_->let_lapse(key_);
  const auto record = shown(*other_, key_);
  ASSERT_TRUE(record);
  EXPECT_LE(record->remaining, Duration::zero());
  EXPECT_TRUE(record->claimable);
  EXPECT_EQ(other_->claim(request(key_)).outcome, Outcome::granted);
}

TEST_P(Conformance, S3_a_repeated_claim_is_the_same_lease) {
  const ClaimRequest mine = request(key_);
  const ClaimReply first = store_->claim(mine);
  ASSERT_EQ(first.outcome, Outcome::granted);
  const auto before = shown(*store_, key_);
  const ClaimReply again = other_->claim(mine);
  EXPECT_EQ(again.outcome, Outcome::granted);
  EXPECT_GE(again.token, first.token);
  const auto after = shown(*store_, key_);
  ASSERT_TRUE(before && after);
  EXPECT_EQ(after->lease_id, mine.lease_id);
  EXPECT_EQ(after->created_at, before->created_at);
  EXPECT_EQ(store_->list(Kind::lock, "").records.size(), 1u);
}

TEST_P(Conformance, S4_tokens_grow_across_release_expiry_break_and_force) {
  Lease lease = hold(*store_, key_);
  Token last = lease.token;
  EXPECT_TRUE(last.known());
  const auto expect_larger = [&](const char* after) {
    EXPECT_GT(lease.token, last) << after;
    last = lease.token;
  };
  ASSERT_EQ(store_->release(lease).outcome, Outcome::granted);
  lease = hold(*other_, key_);
  expect_larger("release");
  fixture_->let_lapse(key_);
  lease = hold(*store_, key_);
  expect_larger("expiry");
  ASSERT_EQ(other_->break_lease(*shown(*other_, key_)).outcome, Outcome::granted);
  lease = hold(*other_, key_);
  expect_larger("break");
  ClaimRequest forced = request(key_);
  forced.force = true;
  const ClaimReply reply = store_->claim(forced);
  ASSERT_EQ(reply.outcome, Outcome::granted);
  lease = lease_of(forced, reply.token);
  expect_larger("force");
  // And in a store opened anew.
  ASSERT_EQ(store_->release(lease).outcome, Outcome::granted);
  lease = hold(*fixture_->open(), key_);
  expect_larger("opening the store again");
}

TEST_P(Conformance, S5_renewing_never_creates) {
  const Lease lease = hold(*store_, key_);
  ASSERT_EQ(store_->release(lease).outcome, Outcome::granted);
  EXPECT_EQ(renew(*store_, lease), Outcome::lost);
  EXPECT_FALSE(shown(*store_, key_));
}

TEST_P(Conformance, S5_renewing_never_revives_after_expiry) {
  const Lease lease = hold(*store_, key_);
  fixture_->let_lapse(key_);
  EXPECT_EQ(renew(*store_, lease), Outcome::lost);
  EXPECT_EQ(other_->claim(request(key_)).outcome, Outcome::granted);
}

TEST_P(Conformance, S5_renewing_extends) {
  const ClaimRequest mine = request(key_, seconds(30));
  const ClaimReply reply = store_->claim(mine);
  const auto before = shown(*store_, key_);
  Lease lease = lease_of(mine, reply.token);
  lease.ttl = seconds(600);
  EXPECT_EQ(renew(*store_, lease), Outcome::granted);
  const auto after = shown(*other_, key_);
  ASSERT_TRUE(before && after);
  EXPECT_GT(after->remaining, seconds(500));
  EXPECT_NE(mark_of(*before), mark_of(*after));
}

TEST_P(Conformance, S6_renewing_never_touches_anothers_lease) {
  const Lease lost = hold(*store_, key_);
  fixture_->let_lapse(key_);
  const Lease present = hold(*other_, key_);
  const auto before = shown(*other_, key_);
  EXPECT_EQ(renew(*store_, lost), Outcome::lost);
  const auto after = shown(*other_, key_);
  ASSERT_TRUE(before && after);
  EXPECT_EQ(after->lease_id, present.id);
  EXPECT_EQ(mark_of(*after), mark_of(*before));
}

TEST_P(Conformance, S6_a_batch_tells_exactly_which_are_lost) {
  std::vector<Lease> leases;
  for (int i = 0; i < 25; ++i)
    leases.push_back(hold(*store_, Key::lock("batch " + std::to_string(i))));
  leases.push_back(hold(*store_, Key::election("batch 0")));
  ASSERT_EQ(store_->release(leases[3]).outcome, Outcome::granted);
  ASSERT_EQ(store_->release(leases[7]).outcome, Outcome::granted);
  hold(*other_, leases[7].key);
  for (int round = 0; round < 2; ++round) {
    const RenewReply reply = store_->renew(leases);
    ASSERT_EQ(reply.outcomes.size(), leases.size());
    for (std::size_t i = 0; i < leases.size(); ++i) {
      const bool gone = i == 3 || i == 7;
      EXPECT_EQ(reply.outcomes[i], gone ? Outcome::lost : Outcome::granted) << i << reply.detail;
    }
  }
  EXPECT_TRUE(store_->renew({}).outcomes.empty());
}

TEST_P(Conformance, S7_renewing_leaves_the_token_as_it_is) {
  const Lease lease = hold(*store_, key_);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(renew(*store_, lease), Outcome::granted);
    const auto record = shown(*other_, key_);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->token, lease.token);
  }
}

TEST_P(Conformance, S8_releasing_never_removes_anothers_lease) {
  const Lease lost = hold(*store_, key_);
  fixture_->let_lapse(key_);
  const Lease present = hold(*other_, key_);
  EXPECT_EQ(store_->release(lost).outcome, Outcome::lost);
  const auto record = shown(*store_, key_);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->lease_id, present.id);
}

TEST_P(Conformance, S9_a_released_key_is_free_for_everyone_at_once) {
  const Lease lease = hold(*store_, key_);
  EXPECT_EQ(store_->release(lease).outcome, Outcome::granted);
  EXPECT_FALSE(shown(*other_, key_));
  EXPECT_EQ(other_->claim(request(key_)).outcome, Outcome::granted);
}

TEST_P(Conformance, S10_breaking_removes_exactly_what_was_seen) {
  hold(*store_, key_);
  const auto seen = shown(*other_, key_);
  ASSERT_TRUE(seen);
  EXPECT_EQ(other_->break_lease(*seen).outcome, Outcome::granted);
  EXPECT_FALSE(shown(*store_, key_));
  const Lease present = hold(*store_, key_);
  EXPECT_EQ(other_->break_lease(*seen).outcome, Outcome::lost);
  const auto record = shown(*store_, key_);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->lease_id, present.id);
}

TEST_P(Conformance, S11_reading_writes_nothing) {
  EXPECT_FALSE(shown(*store_, key_));
  EXPECT_TRUE(store_->list(Kind::lock, "").records.empty());
  hold(*store_, key_);
  const auto first = shown(*store_, key_);
  const auto second = shown(*other_, key_);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(mark_of(*first), mark_of(*second));
  EXPECT_EQ(first->expires_at, second->expires_at);
  EXPECT_GT(second->remaining, seconds(50));
  EXPECT_LE(second->remaining, seconds(60));
  EXPECT_FALSE(second->claimable);
}

TEST_P(Conformance, S11_listing_is_by_kind_and_byte_exact_prefix_in_key_order) {
  for (const std::string name : {"b/2", "b/1", "b%", "a", "c", "B/3"})
    hold(*store_, Key::lock(name));
  hold(*store_, Key::election("b/9"));
  const auto names = [&](Kind kind, const std::string& prefix) {
    const ListReply reply = other_->list(kind, prefix);
    EXPECT_EQ(reply.outcome, Outcome::granted) << reply.detail;
    std::vector<std::string> found;
    for (const Record& record : reply.records) found.push_back(record.key.name());
    return found;
  };
  EXPECT_EQ(names(Kind::lock, "b/"), (std::vector<std::string>{"b/1", "b/2"}));
  EXPECT_EQ(names(Kind::lock, ""), (std::vector<std::string>{"B/3", "a", "b%", "b/1", "b/2", "c"}));
  EXPECT_EQ(names(Kind::election, ""), (std::vector<std::string>{"b/9"}));
}

TEST_P(Conformance, S12_a_watch_hints_at_a_release_and_ends_when_cancelled) {
  const Lease lease = hold(*store_, key_);
  const std::unique_ptr<Watch> watch = other_->watch();
  ASSERT_EQ(watch != nullptr, GetParam().sends_hints);
  if (!watch) return;
  auto hinted = std::async(std::launch::async, [&] {
    for (;;) {
      const Watch::Hints hints = watch->next();
      const auto& freed = hints.freed;
      if (hints.anything || std::find(freed.begin(), freed.end(), key_) != freed.end()) return true;
      if (hints.ended) return false;
    }
  });
  ASSERT_EQ(store_->release(lease).outcome, Outcome::granted);
  EXPECT_TRUE(hinted.get());
  auto ended = std::async(std::launch::async, [&] {
    while (!watch->next().ended) {
    }
  });
  watch->cancel();
  EXPECT_EQ(ended.wait_for(seconds(20)), std::future_status::ready);
}

TEST_P(Conformance, keys_are_byte_exact_whatever_they_look_like) {
  const std::vector<std::string> names{"$$NOW",
                                       "a.b",
                                       "$host",
                                       "$literal",
                                       " a",
                                       "a",
                                       "A",
                                       "%",
                                       "_",
                                       "'; DROP TABLE leases; --",
                                       "gr\u00f6\u00dfe",
                                       "gro\u0308\u00dfe",
                                       "line\nbreak",
                                       std::string(1024, 'k')};
  for (const Kind kind : {Kind::lock, Kind::election}) {
    for (const std::string& name : names) {
      ClaimRequest mine = request({kind, name});
      mine.holder.label = name.substr(0, 200);
      mine.holder.note = "$$ROOT";
      ASSERT_EQ(store_->claim(mine).outcome, Outcome::granted) << name;
      const auto record = shown(*other_, mine.key);
      ASSERT_TRUE(record) << name;
      EXPECT_EQ(record->key, mine.key);
      EXPECT_EQ(record->holder.uuid, mine.holder.uuid);
      EXPECT_EQ(record->holder.label, mine.holder.label);
      EXPECT_EQ(record->holder.note, "$$ROOT");
    }
    EXPECT_EQ(store_->list(kind, "").records.size(), names.size());
  }
}

TEST_P(Conformance, locks_and_elections_of_one_name_do_not_exclude_each_other) {
  hold(*store_, Key::lock("same"));
  hold(*other_, Key::election("same"));
}

TEST_P(Conformance, a_damaged_record_is_left_alone_and_named) {
  if (GetParam().name == "memory") return;  // nobody can write into it but the store itself
  const Lease lease = hold(*store_, key_);
  hold(*store_, Key::lock("sound"));
  fixture_->damage(key_);
  EXPECT_EQ(other_->read(key_).outcome, Outcome::damaged);
  EXPECT_EQ(other_->claim(request(key_)).outcome, Outcome::damaged);
  const ListReply list = other_->list(Kind::lock, "");
  EXPECT_EQ(list.outcome, Outcome::granted);
  ASSERT_EQ(list.records.size(), 1u);
  EXPECT_EQ(list.records[0].key.name(), "sound");
  EXPECT_NE(list.detail.find("nightly"), std::string::npos) << list.detail;
  ClaimRequest forced = request(key_);
  forced.force = true;
  EXPECT_EQ(other_->claim(forced).outcome, Outcome::granted);
}

TEST_P(Conformance, status_rows_are_kept_by_key_and_removed_by_uuid) {
  const Key key = Key::election("billing");
  NodeStatus row{.uuid = internal::new_uuid(),
                 .key = key,
                 .host = "host.example",
                 .pid = 4711,
                 .ttl = seconds(15),
                 .ismaster = true,
                 .lock_owned = true,
                 .elector_running = true,
                 .app_version = "1.2",
                 .label = "web-1",
                 .priority = -3,
                 .clock = NodeStatus::ClockOffset{milliseconds(-41), milliseconds(5)}};
  ASSERT_EQ(store_->report(row).outcome, Outcome::granted);
  NodeStatus second = row;
  second.uuid = internal::new_uuid();
  second.ismaster = false;
  ASSERT_EQ(other_->report(second).outcome, Outcome::granted);
  second.key = Key::election("another");
  second.uuid = internal::new_uuid();
  ASSERT_EQ(other_->report(second).outcome, Outcome::granted);
  MembersReply members = other_->members(key);
  ASSERT_EQ(members.outcome, Outcome::granted) << members.detail;
  ASSERT_EQ(members.members.size(), 2u);
  const auto mine = std::find_if(members.members.begin(), members.members.end(),
                                 [&](const NodeStatus& other) { return other.uuid == row.uuid; });
  ASSERT_NE(mine, members.members.end());
  EXPECT_TRUE(mine->ismaster);
  EXPECT_EQ(mine->ttl, seconds(15));
  EXPECT_EQ(mine->pid, 4711);
  EXPECT_EQ(mine->app_version, "1.2");
  EXPECT_EQ(mine->label, "web-1");
  EXPECT_EQ(mine->priority, -3);
  if (store_->shared()) {
    EXPECT_EQ(mine->clock, row.clock);
  }
  EXPECT_EQ(store_->retire(key, row.uuid).outcome, Outcome::granted);
  EXPECT_EQ(other_->members(key).members.size(), 1u);
}

TEST_P(Conformance, info_says_what_and_where_it_is) {
  const StoreInfo info = store_->info();
  EXPECT_EQ(info.outcome, Outcome::granted) << info.detail;
  EXPECT_FALSE(info.kind.empty());
  EXPECT_FALSE(info.location.empty());
  EXPECT_FALSE(info.topology.empty());
  EXPECT_FALSE(info.judge.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Stores, Conformance,
    testing::Values(StoreUnderTest{"memory", true, make_memory_fixture},
                    StoreUnderTest{"sqlite", true, make_sqlite_fixture},
                    StoreUnderTest{"replica_set", true, make_replica_set_fixture},
                    StoreUnderTest{"standalone", false, make_standalone_fixture}),
    [](const auto& store) { return store.param.name; });

}  // namespace
}  // namespace mongoelector::test
