#include "nth_failure/script.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <optional>

#include "base/ids.h"
#include "mongoelector/error.h"
#include "stores/sqlite/sqlite_store.h"

namespace mongoelector::test {

namespace {
constexpr Duration kTtl = std::chrono::hours(1);  // nothing expires here
}  // namespace

Lease Script::fresh(const Key& key) { return {key, LeaseId(internal::new_uuid()), Token(), kTtl}; }

bool Script::open() {
  try {
    exposed([&] { store_ = internal::open_sqlite_store(path_); });
  } catch (const ConnectError&) {
    return false;
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

void Script::close() {
  exposed([&] { store_.reset(); });
}

template <class Reply, class Call>
Reply Script::verb(const Call& call) {
  try {
    return exposed(call);
  } catch (const std::bad_alloc&) {
    return {};  // which says unknown
  } catch (const std::exception& error) {
    ADD_FAILURE() << "a verb threw " << error.what();
    return {};
  }
}

Outcome Script::claim(const Lease& lease) {
  const ClaimRequest request{.key = lease.key,
                             .holder = {.uuid = "uuid", .host = "host", .pid = 1},
                             .lease_id = lease.id,
                             .ttl = lease.ttl};
  const auto reply = verb<ClaimReply>([&] { return store_->claim(request); });
  Possible<std::string>& holder = holders_.at(lease.key);
  const std::string& id = lease.id.str();
  if (reply.outcome == Outcome::granted) {
    EXPECT_TRUE(holder.may_be("") || holder.may_be(id)) << "granted what is another's";
    if (!holder.may_be(id)) {
      EXPECT_GT(reply.token, largest_) << "a token that is not larger than all before";
    }
    largest_ = std::max(largest_, reply.token);
    holder.is(id);
  } else if (reply.outcome == Outcome::held) {
    const std::string other = reply.record ? reply.record->lease_id.str() : "";
    EXPECT_TRUE(!other.empty() && other != id && holder.may_be(other)) << "held by nobody";
    holder.is(other);
  } else if (reply.outcome == Outcome::unknown && holder.may_be("")) {
    holder.may_also_be(id);
  }
  EXPECT_NE(reply.outcome, Outcome::lost);
  return reply.outcome;
}

std::vector<Outcome> Script::renew(const std::vector<Lease>& leases) {
  auto outcomes = verb<RenewReply>([&] { return store_->renew(leases); }).outcomes;
  outcomes.resize(leases.size(), Outcome::unknown);  // none at all where memory ran out
  for (std::size_t i = 0; i < leases.size(); ++i) {
    Possible<std::string>& holder = holders_.at(leases[i].key);
    const std::string& id = leases[i].id.str();
    if (outcomes[i] == Outcome::granted) {
      EXPECT_TRUE(holder.may_be(id)) << "renewed what is not there";
      holder.is(id);
    } else if (outcomes[i] == Outcome::lost) {
      EXPECT_TRUE(holder.may_be_other_than(id)) << "lost what is there";
      holder.is_not(id);
    }
  }
  return outcomes;
}

Outcome Script::removed(const Lease& lease, Outcome outcome) {
  Possible<std::string>& holder = holders_.at(lease.key);
  const std::string& id = lease.id.str();
  if (outcome == Outcome::granted) {
    EXPECT_TRUE(holder.may_be(id)) << "removed what is not there";
    holder.is("");
  } else if (outcome == Outcome::lost) {
    EXPECT_TRUE(holder.may_be_other_than(id)) << "lost what is there";
    holder.is_not(id);
  } else if (outcome == Outcome::unknown && holder.may_be(id)) {
    holder.may_also_be("");
  }
  return outcome;
}

Outcome Script::release(const Lease& lease) {
  return removed(lease, verb<ReleaseReply>([&] { return store_->release(lease); }).outcome);
}

Outcome Script::break_lease(const Lease& lease) {
  const Record seen{.key = lease.key, .lease_id = lease.id};
  return removed(lease, verb<ReleaseReply>([&] { return store_->break_lease(seen); }).outcome);
}

void Script::shown(const Key& key, const std::optional<Record>& record) {
  const std::string id = record ? record->lease_id.str() : "";
  EXPECT_TRUE(holders_.at(key).may_be(id)) << "shows \"" << id << "\", which cannot be";
  holders_.at(key).is(id);
}

ReadReply Script::read(const Key& key) {
  auto reply = verb<ReadReply>([&] { return store_->read(key); });
  if (reply.outcome == Outcome::granted) shown(key, reply.record);
  return reply;
}

void Script::list() {
  const auto reply = verb<ListReply>([&] { return store_->list(Kind::lock, ""); });
  if (reply.outcome != Outcome::granted) return;
  EXPECT_EQ(reply.detail, "");
  std::map<Key, std::optional<Record>> records{{one_, std::nullopt}, {two_, std::nullopt}};
  for (const Record& record : reply.records) records.at(record.key) = record;
  for (const auto& [key, record] : records) shown(key, record);
}

Outcome Script::control() {
  const auto read = verb<ControlReply>([&] { return store_->read_control(election_); });
  if (read.outcome == Outcome::granted) {
    const std::uint64_t version = read.row ? read.row->version : 0;
    EXPECT_TRUE(version_.may_be(version)) << "shows version " << version << ", which cannot be";
    version_.is(version);
  }
  ControlRow row = read.row.value_or(ControlRow{.key = election_});
  row.cordoned = {"a", "b"};
  const auto outcome = verb<ReleaseReply>([&] { return store_->write_control(row); }).outcome;
  if (outcome == Outcome::granted) {
    EXPECT_TRUE(version_.may_be(row.version)) << "replaced a version that is not there";
    version_.is(row.version + 1);
  } else if (outcome == Outcome::lost) {
    EXPECT_TRUE(version_.may_be_other_than(row.version)) << "lost against nobody";
    version_.is_not(row.version);
  } else if (outcome == Outcome::unknown && version_.may_be(row.version)) {
    version_.may_also_be(row.version + 1);
  }
  return outcome;
}

// Nobody decides by these; they must only not fail in any other way.
void Script::rows() {
  const NodeStatus status{.uuid = "node", .key = election_, .ttl = kTtl};
  const TermRow term{.key = election_, .token = Token(7), .ended_by = EndedBy::released};
  verb<ReleaseReply>([&] { return store_->report(status); });
  verb<MembersReply>([&] { return store_->members(election_); });
  verb<ReleaseReply>([&] { return store_->record_term(term); });
  verb<HistoryReply>([&] { return store_->history(election_, WallTime{}, 10); });
  verb<ReleaseReply>([&] { return store_->retire(election_, "node"); });
  verb<StoreInfo>([&] { return store_->info(); });
}

void Script::all_verbs() {
  const Lease mine = fresh(one_);
  const Lease rival = fresh(one_);
  const Lease other = fresh(two_);
  claim(mine);
  claim(rival);
  claim(other);
  renew({mine, other, rival});
  read(one_);
  control();
  rows();
  release(mine);
  break_lease(other);
  claim(rival);
  list();
  control();
}

void Script::claim_only() { claim(fresh(one_)); }

void Script::must_work() {
  for (const Key& key : {one_, two_}) {
    const ReadReply found = read(key);
    EXPECT_EQ(found.outcome, Outcome::granted) << found.detail;
    if (found.record) {
      EXPECT_EQ(release({key, found.record->lease_id, Token(), kTtl}), Outcome::granted);
    }
    const Lease lease = fresh(key);
    EXPECT_EQ(claim(lease), Outcome::granted);
    EXPECT_EQ(renew({lease}), std::vector{Outcome::granted});
    EXPECT_EQ(release(lease), Outcome::granted);
  }
  EXPECT_EQ(control(), Outcome::granted);
}

}  // namespace mongoelector::test
