#include "simulation/model/sqlite_model.h"

#include <algorithm>

#include "simulation/fibers/ids.h"

namespace mongoelector::simulation {

std::int64_t SqliteModel::lease() const {
  return state_.record ? number_of(state_.record->lease_id) : 0;
}

void SqliteModel::execute(const Request& request, int, Respond respond) {
  const TrueTime now = around_.world.now();
  if (busy_until_ <= now) return respond(done(request));
  // Another writer has the file: patience, then "busy", and nothing was done.
  if (busy_until_ - now > around_.profile.timing.call_budget) {
    around_.world.after(around_.profile.timing.call_budget, [this, respond] {
      around_.hit(Probe::store_busy);
      respond({.failure = Failure{.source = Source::not_sent}});
    });
    return;
  }
  around_.world.at(busy_until_, [this, boot = boot_, request, respond] {
    if (boot == boot_) respond(done(request));
  });
}

Record SqliteModel::shown() const {
  Record record = *state_.record;
  record.remaining = state_.expires - around_.world.now();
  record.claimable = !live();
  record.version = versions_;
  return record;
}

void SqliteModel::write(What what, const LeaseId& lease, const LeaseId& cause, Verb verb) {
  state_.written = around_.world.now();
  ++versions_;
  around_.tell({.what = what,
                .lease = number_of(lease),
                .token = what == What::created ? state_.token : 0,
                .cause = number_of(cause),
                .detail = static_cast<int>(verb)});
}

Served SqliteModel::done(const Request& request) {
  const bool claims = request.verb == Verb::claim;
  const LeaseId& named = claims ? request.claim.lease_id : request.lease;
  const bool ours = state_.record && state_.record->lease_id == named;
  const bool reads = request.verb == Verb::read || (claims && live() && !ours);
  if (reads) return {.record = state_.record ? std::optional(shown()) : std::nullopt};
  if (!claims && (!ours || (request.verb == Verb::renew && !live()))) return {};
  before_.push_back(state_);
  if (before_.size() > 4) before_.erase(before_.begin());
  if (request.verb == Verb::release) {
    state_.record.reset();
    write(What::removed, named, named, Verb::release);
    on_change(true);
    return {.matched = true};
  }
  state_.expires = around_.world.now() + (claims ? request.claim.ttl : request.ttl);
  if (!claims || (ours && live())) {
    write(What::extended, named, named, request.verb);
    return {.matched = true, .token = Token(state_.token)};
  }
  if (state_.record && !ours) {
    if (!state_.alive) around_.hit(Probe::dead_holder_seen_at_once);
    write(What::replaced, state_.record->lease_id, named, Verb::claim);
  }
  ++state_.token;
  state_.client = request.client;
  state_.alive = true;
  state_.record = Record{.key = request.claim.key,
                         .holder = request.claim.holder,
                         .lease_id = named,
                         .token = Token(state_.token),
                         .ttl = request.claim.ttl};
  write(What::created, named, named, Verb::claim);
  return {.matched = true, .token = Token(state_.token)};
}

void SqliteModel::client_died(int client) {
  if (!state_.record || state_.client != client || !state_.alive) return;
  state_.alive = false;
  on_change(true);
}

std::optional<int> SqliteModel::suffer(Duration length) {
  if (around_.world.random.chance(0.2)) {
    power_cut();
  } else {
    around_.fault(Fault::busy_file);
    busy_until_ = std::max(busy_until_, around_.world.now() + length);
  }
  return std::nullopt;
}

void SqliteModel::power_cut() {
  around_.fault(Fault::power_cut);
  on_power_cut();
  around_.hit(Probe::power_cut);
  const auto lost = static_cast<std::size_t>(around_.world.random.pick(0, 3));
  if (lost > 0 && before_.size() >= lost) {
    around_.hit(Probe::commits_lost_at_power_cut);
    state_ = before_[before_.size() - lost];
  }
  before_.clear();
  ++boot_;
  state_.alive = false;
  state_.token = ((state_.token >> 40) + 1) << 40;
  busy_until_ = {};
}

}  // namespace mongoelector::simulation
