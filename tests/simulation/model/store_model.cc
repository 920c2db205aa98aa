#include "simulation/model/store_model.h"

namespace mongoelector::simulation {

void StoreModel::tell(What what, std::int64_t lease, std::int64_t cause, Verb verb,
                      std::uint64_t token) {
  history_.push_back({.when = world_.now(),
                      .what = what,
                      .lease = lease,
                      .token = token,
                      .cause = cause,
                      .detail = static_cast<int>(verb)});
}

bool StoreModel::free_for(const ClaimRequest& request) const {
  if (!entry_ || is(request.lease_id)) return true;
  if (in_force()) return false;
  return entry_->judge == primary_ || request.stood_still == mark_of(entry_->record);
}

void StoreModel::extend(Duration ttl) {
  entry_->expires = judged_now() + ttl;
  entry_->judge = primary_;
  entry_->record.ttl = ttl;
  entry_->record.version = ++last_version_;
}

Record StoreModel::shown() const {
  Record record = entry_->record;
  record.remaining = entry_->expires - judged_now();
  record.claimable = !in_force() && entry_->judge == primary_;
  return record;
}

ClaimReply StoreModel::claim(const ClaimRequest& request) {
  if (!free_for(request)) return {.outcome = Outcome::held, .record = shown()};
  const std::int64_t claimed = number_of(request.lease_id);
  if (is(request.lease_id) && in_force()) {
    extend(request.ttl);
    tell(What::extended, claimed, claimed, Verb::claim);
    return {.outcome = Outcome::granted, .token = entry_->record.token};
  }
  if (entry_) tell(What::replaced, lease(), claimed, Verb::claim);
  entry_ = Entry{.record = {.key = request.key,
                            .holder = request.holder,
                            .lease_id = request.lease_id,
                            .token = Token(++last_token_)},
                 .expires = {},
                 .judge = primary_};
  extend(request.ttl);
  tell(What::created, claimed, claimed, Verb::claim, last_token_);
  return {.outcome = Outcome::granted, .token = Token(last_token_)};
}

Outcome StoreModel::renew(const Lease& lease) {
  const std::int64_t named = number_of(lease.id);
  if (!is(lease.id) || !in_force()) return Outcome::lost;
  extend(lease.ttl);
  tell(What::extended, named, named, Verb::renew);
  return Outcome::granted;
}

ReleaseReply StoreModel::release(const Lease& lease) {
  if (!is(lease.id)) return {.outcome = Outcome::lost};
  tell(What::removed, this->lease(), number_of(lease.id), Verb::release);
  entry_.reset();
  if (on_freed) on_freed();
  return {.outcome = Outcome::granted};
}

ReadReply StoreModel::read() const {
  ReadReply reply{.outcome = Outcome::granted};
  if (entry_) reply.record = shown();
  return reply;
}

void StoreModel::fail_over(int to) {
  primary_ = to;
  tell(What::failover, 0, 0, Verb::read);
}

}  // namespace mongoelector::simulation
