#include "simulation/model/sim_store.h"

#include <stdexcept>
#include <utility>

#include "simulation/fibers/ids.h"

namespace mongoelector::simulation {

using internal::mongo::outcome_of;
using internal::mongo::Phase;

namespace {

// What a call and the network share: either may be the last to know of it.
struct Exchange {
  Threads::Thread* thread = nullptr;
  bool answered = false;
  Served served = {};
};

class SimWatch : public Watch {
 public:
  SimWatch(Connection& connection, Key key)
      : connection_(connection), key_(std::move(key)), number_(++connection.latest_watch) {
    connection_.watches[number_] = [shared = shared_](bool freed, bool ended) {
      shared->freed |= freed;
      shared->anything |= !freed;
      shared->ended |= ended;
      shared->wake();
    };
  }
  ~SimWatch() override { connection_.watches.erase(number_); }

  Hints next() override {
    Shared& shared = *shared_;
    shared.threads = &connection_.threads;
    while (!shared.freed && !shared.anything && !shared.ended && !shared.cancelled) {
      shared.thread = Threads::current();
      Threads::await();
      shared.thread = nullptr;
    }
    Hints hints{.anything = std::exchange(shared.anything, false),
                .ended = shared.ended || shared.cancelled};
    if (std::exchange(shared.freed, false)) hints.freed.push_back(key_);
    connection_.around.hit(hints.ended ? Probe::watch_broken : Probe::woken_by_hint);
    return hints;
  }

  void cancel() noexcept override {
    shared_->cancelled = true;
    shared_->wake();
  }

 private:
  struct Shared {
    Threads* threads = nullptr;
    Threads::Thread* thread = nullptr;
    bool freed = false;
    bool anything = false;
    bool ended = false;
    bool cancelled = false;

    void wake() {
      if (thread != nullptr) threads->wake(thread);
    }
  };
  Connection& connection_;
  const Key key_;
  const int number_;
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace

Served SimStore::call(What what, Request request, bool goes_on) {
  request.client = connection_.client;
  const LeaseId& named = request.verb == Verb::claim ? request.claim.lease_id : request.lease;
  const std::int64_t lease = number_of(named);
  around().tell(
      {.what = what, .client = connection_.client, .lease = lease, .detail = goes_on ? 1 : 0});
  // The request leaves a little after it was decided on, and the process may be frozen in between.
  Threads::pass(around().world.random.between(Duration(1), around().profile.latency));
  const auto exchange = std::make_shared<Exchange>();
  exchange->thread = Threads::current();
  connection_.network.call(request, [exchange, threads = &connection_.threads](
                                        const Served& served) {
    exchange->served = served;
    exchange->answered = true;
    threads->wake(exchange->thread);
  });
  while (!exchange->answered) Threads::await();
  return exchange->served;
}

ClaimReply SimStore::claim(const ClaimRequest& request) {
  uuid_ = request.holder.uuid;
  ++connection_.claims_in_flight;
  const Served served = call(What::sends_claim, {.verb = Verb::claim, .claim = request});
  --connection_.claims_in_flight;
  ClaimReply reply{.outcome = Outcome::held, .record = served.record};
  if (served.failure) {
    reply.outcome = outcome_of(*served.failure, Phase::claim);
    const bool there = connection_.store.lease() == number_of(request.lease_id);
    if (reply.outcome == Outcome::unknown && there)
      around().hit(Probe::reply_of_won_claim_lost);
  } else if (served.matched) {
    reply = {.outcome = Outcome::granted, .token = served.token};
    connection_.leases[served.token.value()] = number_of(request.lease_id);
  }
  around().tell({.what = What::hears,
                 .client = connection_.client,
                 .lease = number_of(request.lease_id),
                 .token = reply.token.value(),
                 .detail = static_cast<int>(reply.outcome)});
  return reply;
}

Outcome SimStore::renew_one(const Lease& lease) {
  const Request extend{.verb = Verb::renew, .lease = lease.id, .ttl = lease.ttl};
  const Served first = call(What::sends_renew, extend);
  if (first.failure) return outcome_of(*first.failure, Phase::renew);
  if (first.matched) return Outcome::granted;
  const Served look = call(What::sends_read, {.verb = Verb::read});
  if (look.failure) return outcome_of(*look.failure, Phase::renew);
  if (!look.record || look.record->lease_id != lease.id) return Outcome::lost;
  // That a read shows it does not say that the update extended it: only a count says that.
  const Served second = call(What::sends_renew, extend, true);
  return !second.failure && second.matched ? Outcome::granted : Outcome::unknown;
}

RenewReply SimStore::renew(std::span<const Lease> leases) {
  RenewReply reply;
  for (const Lease& lease : leases) {
    reply.outcomes.push_back(renew_one(lease));
    around().tell({.what = What::hears,
                   .client = connection_.client,
                   .lease = number_of(lease.id),
                   .detail = static_cast<int>(reply.outcomes.back())});
  }
  return reply;
}

ReleaseReply SimStore::release(const Lease& lease) {
  if (connection_.store.lease() > number_of(lease.id))
    around().hit(Probe::release_applied_in_later_term);
  const Served served = call(What::sends_release, {.verb = Verb::release, .lease = lease.id});
  const Outcome done = served.matched ? Outcome::granted : Outcome::lost;
  const Outcome outcome = served.failure ? outcome_of(*served.failure, Phase::release) : done;
  around().tell({.what = What::hears,
                 .client = connection_.client,
                 .lease = number_of(lease.id),
                 .detail = static_cast<int>(outcome)});
  return {.outcome = outcome};
}

ReleaseReply SimStore::break_lease(const Record& seen) {
  return release({.key = seen.key, .id = seen.lease_id});
}

ReadReply SimStore::read(const Key&) {
  const Served served = call(What::sends_read, {.verb = Verb::read});
  if (served.failure) return {.outcome = outcome_of(*served.failure, Phase::read)};
  return {.outcome = Outcome::granted, .record = served.record};
}

ListReply SimStore::list(mongoelector::Kind, const std::string&) {
  return {.outcome = Outcome::denied};
}

std::unique_ptr<Watch> SimStore::watch() {
  if (!around().profile.hints) return nullptr;
  const Served served = call(What::sends_read, {.verb = Verb::read});
  if (served.failure) throw std::runtime_error("no subscription");
  return std::make_unique<SimWatch>(connection_, key_);
}

StoreInfo SimStore::info() {
  const Served served = call(What::sends_read, {.verb = Verb::read});
  if (served.failure) return {.outcome = outcome_of(*served.failure, Phase::read)};
  StoreInfo info{.outcome = Outcome::granted, .kind = "simulated"};
  if (shared()) info.time = served.time;
  return info;
}

// Rows that nothing depends on: the call takes its time and may fail, what it writes is forgotten.
ReleaseReply SimStore::touch_records() {
  const Served served = call(What::sends_read, {.verb = Verb::read});
  return {.outcome = served.failure ? outcome_of(*served.failure, Phase::release)
                                    : Outcome::granted};
}

ReleaseReply SimStore::report(const NodeStatus&) { return touch_records(); }
ReleaseReply SimStore::retire(const Key&, const std::string&) { return touch_records(); }
MembersReply SimStore::members(const Key&) { return {.outcome = Outcome::granted}; }

// Any row may be there, a different one for each who asks: no promise may rest on it.
ControlReply SimStore::read_control(const Key& key) {
  const Served served = call(What::sends_read, {.verb = Verb::read});
  if (served.failure) return {.outcome = outcome_of(*served.failure, Phase::read)};
  ControlReply reply{.outcome = Outcome::granted, .time = served.time};
  Random& random = around().world.random;
  const Profile& profile = around().profile;
  if (around().healed) return reply;
  const auto later = [&] {
    return served.time + std::chrono::duration_cast<WallTime::duration>(
                             random.between(Duration(1), profile.longest_bar));
  };
  ControlRow row{.key = key, .version = 1};
  if (random.chance(profile.barred)) {
    around().hit(Probe::barred_by_control);
    row.pause = Pause{.until = later()};
  }
  if (random.chance(profile.asked_to_step_down)) {
    if (connection_.holding) around().hit(Probe::asked_to_step_down);
    row.stepdown = StepDown{.uuid = uuid_, .at = served.time, .until = later()};
  }
  if (row.pause || row.stepdown) reply.row = row;
  return reply;
}

bool SimStore::shared() const { return connection_.around.profile.store == StoreKind::mongo; }

}  // namespace mongoelector::simulation
