#include "simulation/model/mongo_model.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "simulation/fibers/ids.h"

namespace mongoelector::simulation {

namespace {

// Codes of real servers, for the shipping table of outcomes to judge.
constexpr int kNotWritablePrimary = 10107;
constexpr int kNotPrimaryNoSecondaryOk = 13435;
constexpr int kInterruptedByStateChange = 11602;
constexpr int kWriteConcernTimeout = 64;

constexpr auto kEpoch = std::chrono::seconds(1'700'000'000);
constexpr std::int64_t kMillisecond = 1'000'000;

std::int64_t ms(Duration duration) { return duration.count() / kMillisecond; }

Fact fact_of(What what, std::int64_t lease, Verb verb, std::int64_t cause) {
  return {.what = what,
          .lease = lease,
          .cause = cause,
          .detail = static_cast<int>(verb)};
}

}  // namespace

MongoModel::MongoModel(Telling& telling) : StoreModel(telling) {
  Random& random = around_.world.random;
  const Profile& profile = around_.profile;
  for (Member& member : members_) {
    member.clock = {random.between(-profile.clock_rates, profile.clock_rates),
                    kEpoch + random.between(-profile.clock_offset, profile.clock_offset)};
  }
  elect(0);
  around_.world.after(profile.election_delay, [this] { supervise(); });
  if (profile.sweep_every > Duration::zero())
    around_.world.after(profile.sweep_every, [this] { sweep(); });
}

std::int64_t MongoModel::now_ms(const Member& member) const {
  return ms(member.clock.at(around_.world.now()).time_since_epoch());
}

int MongoModel::claim_to_lead(int member) const {
  const Member& one = members_[index(member)];
  return one.up && one.acting ? one.term : 0;
}

int MongoModel::primary() const {
  int best = -1;
  for (int member = 0; member < kMembers; ++member) {
    if (claim_to_lead(member) > (best < 0 ? 0 : claim_to_lead(best))) best = member;
  }
  return best;
}

std::int64_t MongoModel::lease() const {
  const int leader = primary();
  const auto& entry = ops_[index(leader < 0 ? committed_ : members_[index(leader)].last)].after;
  return entry ? number_of(entry->record.lease_id) : 0;
}

// ---- requests ----

void MongoModel::execute(const Request& request, int member, Respond respond) {
  Member& here = at(member);
  if (!here.acting) {
    const int code = request.verb == Verb::read ? kNotPrimaryNoSecondaryOk : kNotWritablePrimary;
    return respond({.failure = Failure{.source = Source::server, .code = code}});
  }
  if (member != primary()) around_.hit(Probe::asked_a_deposed_primary);
  switch (request.verb) {
    case Verb::claim: return claim(member, request.claim, std::move(respond));
    case Verb::renew: return renew(member, request, std::move(respond));
    case Verb::release: return release(member, request, std::move(respond));
    case Verb::read: {
      const auto& entry = ops_[index(here.committed)].after;
      const auto wall = here.clock.at(around_.world.now()).time_since_epoch();
      Served served{.time = WallTime(std::chrono::duration_cast<WallTime::duration>(wall))};
      if (entry) served.record = shown(member, *entry);
      if (here.committed != committed_) around_.hit(Probe::stale_read);
      return respond(served);
    }
  }
}

// Only the clock that an expiry was set by can tell that it has passed.
bool MongoModel::has_expired(int member, const Entry& entry) const {
  return entry.judge == member && entry.expires_ms <= now_ms(members_[index(member)]);
}

bool MongoModel::free_for(int member, const ClaimRequest& request) const {
  const Member& here = members_[index(member)];
  const auto& entry = ops_[index(here.last)].after;
  if (!entry || entry->record.lease_id == request.lease_id || request.force) return true;
  if (has_expired(member, *entry)) return true;
  return entry->expires_ms <= now_ms(here) &&
         request.stood_still == RecordMark{entry->record.lease_id.str(),
                                           static_cast<std::uint64_t>(entry->expires_ms),
                                           std::to_string(entry->judge)};
}

Record MongoModel::shown(int member, const Entry& entry) const {
  const std::int64_t now = now_ms(members_[index(member)]);
  Record record = entry.record;
  record.remaining = std::chrono::milliseconds(entry.expires_ms - now);
  record.claimable = has_expired(member, entry);
  record.version = static_cast<std::uint64_t>(entry.expires_ms);
  record.judge = std::to_string(entry.judge);
  record.expires_at = WallTime(std::chrono::milliseconds(entry.expires_ms));
  return record;
}

void MongoModel::claim(int member, const ClaimRequest& request, Respond respond) {
  Member& here = at(member);
  const auto& entry = ops_[index(here.last)].after;
  if (!free_for(member, request))
    return answer_later(member, {.record = shown(member, *entry)}, std::move(respond));
  const std::int64_t mine = number_of(request.lease_id);
  const bool again = entry && entry->record.lease_id == request.lease_id;
  const std::int64_t before = entry && !again ? number_of(entry->record.lease_id) : 0;
  if (before != 0 && entry->judge != member) around_.hit(Probe::won_after_standstill);
  Entry fresh{.record = {.key = request.key,
                         .holder = request.holder,
                         .lease_id = request.lease_id,
                         .ttl = request.ttl},
              .expires_ms = now_ms(here) + ms(request.ttl),
              .judge = member};
  Fact fact = fact_of(again ? What::extended : What::created, mine, Verb::claim, mine);
  fact.replaced = before;
  append(member, std::move(fresh), fact, {.matched = true}, std::move(respond));
}

void MongoModel::renew(int member, const Request& request, Respond respond) {
  Member& here = at(member);
  auto entry = ops_[index(here.last)].after;
  const std::int64_t named = number_of(request.lease);
  if (!entry || entry->record.lease_id != request.lease) {
    around_.hit(Probe::renewal_applied_after_release);
    return answer_later(member, {}, std::move(respond));
  }
  if (entry->expires_ms <= now_ms(here)) return answer_later(member, {}, std::move(respond));
  if (entry->judge != member) around_.hit(Probe::renewal_changed_the_judge);
  entry->expires_ms = now_ms(here) + ms(request.ttl);
  entry->judge = member;
  entry->record.ttl = request.ttl;
  append(member, std::move(entry), fact_of(What::extended, named, Verb::renew, named),
         {.matched = true}, std::move(respond));
}

void MongoModel::release(int member, const Request& request, Respond respond) {
  const auto& entry = ops_[index(at(member).last)].after;
  if (!entry || entry->record.lease_id != request.lease)
    return answer_later(member, {}, std::move(respond));
  const std::int64_t named = number_of(request.lease);
  append(member, std::nullopt, fact_of(What::removed, named, Verb::release, named),
         {.matched = true}, std::move(respond));
}

void MongoModel::append(int member, std::optional<Entry> after, Fact fact, const Served& served,
                        Respond respond) {
  Member& here = at(member);
  const Op& before = ops_[index(here.last)];
  // The operation's time: never behind the log, and the server's seconds in its upper half.
  const auto seconds = static_cast<std::uint64_t>(now_ms(here) / 1000);
  const std::uint64_t token = std::max(before.token + 1, (seconds << 32) + 1);
  const bool won = fact.detail == static_cast<int>(Verb::claim) && fact.cause != 0;
  if (won) {
    fact.token = token;
    after->record.token = Token(token);
  }
  ops_.push_back({.parent = here.last,
                  .term = here.term,
                  .index = before.index + 1,
                  .token = token,
                  .fact = fact,
                  .after = std::move(after)});
  here.last = static_cast<int>(ops_.size()) - 1;
  Served done = served;
  if (won) done.token = Token(token);
  if (respond) answer_later(member, done, std::move(respond));
  pull_soon();
}

void MongoModel::answer_later(int member, const Served& served, Respond respond) {
  Member& here = at(member);
  if (within(here.last, here.committed)) return respond(served);
  const std::uint64_t number = ++pendings_;
  here.pending.push_back({here.last, served, std::move(respond), number});
  around_.world.after(around_.profile.write_concern_timeout, [this, member, number] {
    auto& pending = at(member).pending;
    const auto late = std::find_if(pending.begin(), pending.end(),
                                   [&](const Pending& one) { return one.number == number; });
    if (late == pending.end()) return;
    around_.hit(Probe::no_majority_in_time);
    const Respond answer = std::move(late->respond);
    pending.erase(late);
    answer({.failure = Failure{.source = Source::write_concern, .code = kWriteConcernTimeout}});
  });
}

void MongoModel::fail_pending(Member& member, const Failure& failure) {
  for (Pending& one : std::exchange(member.pending, {})) one.respond({.failure = failure});
}

// ---- the log ----

Duration MongoModel::between_members() {
  const Duration drawn = around_.world.random.about(around_.profile.replication_delay);
  // Who waits for less than the members need for one another never gets an answer.
  const Profile& profile = around_.profile;
  const Duration most = std::min(profile.call_timeout, profile.timing.call_budget) / 8;
  return around_.healed ? std::min(drawn, most) : drawn;
}

bool MongoModel::within(int ancestor, int op) const {
  while (ops_[index(op)].index > ops_[index(ancestor)].index) op = ops_[index(op)].parent;
  return op == ancestor;
}

bool MongoModel::at_least(int a, int b) const {
  const Op& left = ops_[index(a)];
  const Op& right = ops_[index(b)];
  return left.term != right.term ? left.term > right.term : left.index >= right.index;
}

bool MongoModel::connected(int a, int b) const {
  const auto reaches = [this](int member) {
    const Member& one = members_[index(member)];
    return one.up && one.cut_off_until <= around_.world.now();
  };
  return reaches(a) && reaches(b);
}

void MongoModel::pull_soon() {
  for (int member = 0; member < kMembers; ++member) {
    around_.world.after(between_members(),
                        [this, member] { pull(member); });
  }
}

void MongoModel::pull(int member) {
  const int leader = primary();
  if (leader < 0 || leader == member || !connected(member, leader)) return;
  Member& here = at(member);
  const Member& there = at(leader);
  if (here.term > there.term) return step_down(leader);  // it hears of a later election
  if (here.acting) step_down(member);
  if (!within(here.last, there.last)) {
    around_.hit(Probe::rollback);
    if (ops_[index(here.last)].fact.what == What::created)
      around_.hit(Probe::unconfirmed_claim_rolled_back);
  }
  here.term = there.term;
  here.last = there.last;
  here.committed = there.committed;
  around_.world.after(between_members(),
                      [this, member, leader, op = here.last, term = here.term] {
                        acknowledged(member, leader, op, term);
                      });
}

void MongoModel::acknowledged(int by, int to, int op, int term) {
  const Member& leader = at(to);
  if (!leader.acting || leader.term != term || !connected(by, to)) return;
  const Op& one = ops_[index(op)];
  if (one.term == term && one.index > ops_[index(leader.committed)].index) commit(to, op);
}

void MongoModel::commit(int member, int op) {
  Member& here = at(member);
  here.committed = op;
  if (!within(op, committed_)) {
    if (!within(committed_, op)) throw std::logic_error("the model lost a committed write");
    std::vector<int> news;
    for (int one = op; one != committed_; one = ops_[index(one)].parent) news.push_back(one);
    committed_ = op;
    std::reverse(news.begin(), news.end());
    for (const int one : news) {
      Fact fact = ops_[index(one)].fact;
      if (fact.lease == 0) continue;
      if (const std::int64_t gone = std::exchange(fact.replaced, 0); gone != 0)
        around_.tell(fact_of(What::replaced, gone, Verb::claim, fact.lease));
      around_.tell(fact);
      const bool freed = fact.what == What::removed || fact.what == What::swept;
      if (freed) on_change(true);
    }
  }
  std::deque<Pending> waiting = std::exchange(here.pending, {});
  for (Pending& one : waiting) {
    if (within(one.op, op)) {
      one.respond(one.served);
    } else {
      here.pending.push_back(std::move(one));
    }
  }
}

// ---- who leads ----

bool MongoModel::elect(int member) {
  Member& here = at(member);
  int votes = 1;
  for (int voter = 0; voter < kMembers; ++voter) {
    if (voter != member && connected(member, voter) && at_least(here.last, at(voter).last)) ++votes;
  }
  if (votes < 2 || !here.up || here.cut_off_until > around_.world.now()) return false;
  ++term_;
  for (int voter = 0; voter < kMembers; ++voter) {
    if (!connected(member, voter)) continue;
    if (at(voter).acting && voter != member) step_down(voter);
    at(voter).term = term_;
  }
  if (here.acting) step_down(member);
  here.term = term_;
  here.acting = true;
  around_.tell({.what = What::failover, .detail = member});
  append(member, ops_[index(here.last)].after, {}, {}, nullptr);
  on_change(false);
  return true;
}

void MongoModel::step_down(int member) {
  Member& here = at(member);
  here.acting = false;
  fail_pending(here, {.source = Source::server, .code = kInterruptedByStateChange});
}

void MongoModel::supervise() {
  const int leader = primary();
  const bool leads = leader >= 0 && std::any_of(members_.begin(), members_.end(), [&](auto& one) {
                       const auto other = static_cast<int>(&one - members_.data());
                       return other != leader && connected(leader, other);
                     });
  const auto first = around_.world.random.pick(0, kMembers - 1);
  for (int i = 0; !leads && i < kMembers; ++i) {
    const int member = static_cast<int>((first + i) % kMembers);
    if (member != leader && elect(member)) break;
    if (member == leader && elect(member)) break;
  }
  pull_soon();
  around_.world.after(around_.world.random.between(around_.profile.election_delay / 2,
                                                   around_.profile.election_delay),
                      [this] { supervise(); });
}

// ---- faults ----

std::optional<int> MongoModel::suffer(Duration length) {
  if (lease() != 0) around_.hit(Probe::failover_under_holder);
  const int leader = primary();
  Random& random = around_.world.random;
  const auto anybody = static_cast<int>(random.pick(0, kMembers - 1));
  const int victim = leader >= 0 && random.chance(0.7) ? leader : anybody;
  // The one that matters most: a primary that does not know that it is none.
  if (leader >= 0 && random.chance(0.3)) {
    cut_off(leader, length);
    return leader;
  }
  switch (static_cast<Disaster>(random.pick(0, around_.profile.drops_collection ? 4 : 3))) {
    case Disaster::step_down:
      around_.fault(Fault::step_down);
      if (!elect(anybody) && leader >= 0) step_down(leader);
      break;
    case Disaster::cut_off: cut_off(victim, length); return victim;
    case Disaster::crash: crash(victim, length); break;
    case Disaster::clock_set: set_clock(victim); break;
    case Disaster::drop:
      if (leader < 0) break;
      around_.fault(Fault::collection_dropped);
      around_.hit(Probe::collection_dropped);
      append(leader, std::nullopt, fact_of(What::dropped, lease(), Verb::read, 0), {}, nullptr);
      break;
  }
  return std::nullopt;
}

void MongoModel::cut_off(int member, Duration length) {
  around_.fault(Fault::member_cut_off);
  Member& here = at(member);
  here.cut_off_until = std::max(here.cut_off_until, around_.world.now() + length);
  if (here.acting) around_.hit(Probe::primary_cut_off);
  // A primary that hears nobody gives up after a while; until then it answers as if nothing were.
  around_.world.after(around_.profile.stale_for, [this, member] {
    if (at(member).acting && at(member).cut_off_until > around_.world.now()) step_down(member);
  });
  around_.world.after(length, [this] { pull_soon(); });
}

void MongoModel::crash(int member, Duration length) {
  around_.fault(Fault::member_crash);
  Member& here = at(member);
  if (!here.up) return;
  here.up = false;
  here.acting = false;
  here.pending.clear();  // nobody hears of them any more
  around_.world.after(length, [this, member] {
    if (away_ == member) return;
    at(member).up = true;
    pull_soon();
  });
}

void MongoModel::set_clock(int member) {
  const Profile& profile = around_.profile;
  const TrueTime now = around_.world.now();
  // No more than one step forward in any lease: that is what is promised.
  const bool forward = now - clock_set_at_ > 2 * profile.timing.ttl &&
                       profile.server_step_forward > Duration::zero();
  const Duration most = forward ? profile.server_step_forward : Duration::zero();
  Member& here = at(member);
  const Duration least = std::min(-profile.server_step_back - here.stepped, Duration::zero());
  const Duration by = around_.world.random.between(least, most);
  if (by == Duration::zero()) return;
  here.stepped += by;
  if (by > Duration::zero()) clock_set_at_ = now;
  around_.fault(Fault::server_clock_set);
  around_.hit(by > Duration::zero() ? Probe::server_clock_forward : Probe::server_clock_back);
  here.clock.jump(by);
}

void MongoModel::sweep() {
  const int leader = primary();
  if (leader >= 0) {
    const Member& here = at(leader);
    const auto& entry = ops_[index(here.last)].after;
    if (entry && entry->expires_ms + ms(around_.profile.sweep_grace) <= now_ms(here)) {
      around_.hit(Probe::swept_by_ttl_index);
      append(leader, std::nullopt,
             fact_of(What::swept, number_of(entry->record.lease_id), Verb::read, 0), {}, nullptr);
    }
  }
  around_.world.after(around_.profile.sweep_every, [this] { sweep(); });
}

void MongoModel::heal(std::optional<int> away) {
  away_ = away;
  for (int member = 0; member < kMembers; ++member) {
    Member& here = at(member);
    here.cut_off_until = {};
    here.up = here.up || away != member;
    if (away != member) continue;
    around_.hit(Probe::healed_without_a_member);
    here.up = false;
    here.acting = false;
    here.pending.clear();
  }
  pull_soon();
}

}  // namespace mongoelector::simulation
