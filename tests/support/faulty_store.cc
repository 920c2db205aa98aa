#include "support/faulty_store.h"

#include <algorithm>

namespace mongoelector::test {

void FaultyStore::refuse(Verb verb, Outcome outcome) {
  const std::lock_guard lock(mutex_);
  plans_[verb] = {Fault::refuse, outcome};
}

void FaultyStore::lose_replies(Verb verb) {
  const std::lock_guard lock(mutex_);
  plans_[verb] = {Fault::lose_reply, Outcome::unknown};
}

void FaultyStore::hang(Verb verb) {
  const std::lock_guard lock(mutex_);
  plans_[verb] = {Fault::hang, Outcome::unknown};
}

void FaultyStore::hang_all() {
  for (const Verb verb : {Verb::claim, Verb::renew, Verb::release, Verb::break_lease, Verb::read,
                          Verb::list, Verb::info, Verb::report, Verb::retire, Verb::members,
                          Verb::record_term, Verb::history, Verb::read_control,
                          Verb::write_control, Verb::report_waiters}) {
    hang(verb);
  }
}

void FaultyStore::heal(Verb verb) {
  const std::lock_guard lock(mutex_);
  plans_.erase(verb);
  changed_.notify_all();
}

void FaultyStore::heal() {
  const std::lock_guard lock(mutex_);
  plans_.clear();
  changed_.notify_all();
}

void FaultyStore::show_time(std::optional<WallTime> time) {
  const std::lock_guard lock(mutex_);
  time_ = time;
}

int FaultyStore::calls(Verb verb) const {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(verb);
  return found == calls_.end() ? 0 : found->second;
}

int FaultyStore::hanging() const {
  const std::lock_guard lock(mutex_);
  return hanging_;
}

std::vector<NodeStatus> FaultyStore::reports() const {
  const std::lock_guard lock(mutex_);
  return reports_;
}

FaultyStore::Plan FaultyStore::enter(Verb verb) {
  std::unique_lock lock(mutex_);
  ++calls_[verb];
  if (plans_[verb].fault == Fault::hang) {
    ++hanging_;
    changed_.wait(lock, [&] { return plans_[verb].fault != Fault::hang; });
    --hanging_;
  }
  return plans_[verb];
}

template <class Reply, class Call>
Reply FaultyStore::around(Verb verb, const Call& call) {
  const Plan plan = enter(verb);
  if (plan.fault == Fault::none) return call();
  if (plan.fault == Fault::lose_reply) call();
  Reply reply;
  reply.outcome = plan.outcome;
  reply.detail = "planned fault";
  return reply;
}

ClaimReply FaultyStore::claim(const ClaimRequest& request) {
  return around<ClaimReply>(Verb::claim, [&] { return inner_->claim(request); });
}

RenewReply FaultyStore::renew(std::span<const Lease> leases) {
  const Plan plan = enter(Verb::renew);
  RenewReply reply;
  if (plan.fault != Fault::refuse) reply = inner_->renew(leases);
  if (plan.fault != Fault::none) {
    reply.outcomes.assign(leases.size(), plan.outcome);
    reply.detail = "planned fault";
  }
  return reply;
}

ReleaseReply FaultyStore::release(const Lease& lease) {
  return around<ReleaseReply>(Verb::release, [&] { return inner_->release(lease); });
}

ReleaseReply FaultyStore::break_lease(const Record& seen) {
  return around<ReleaseReply>(Verb::break_lease, [&] { return inner_->break_lease(seen); });
}

ReadReply FaultyStore::read(const Key& key) {
  return around<ReadReply>(Verb::read, [&] { return inner_->read(key); });
}

ListReply FaultyStore::list(Kind kind, const std::string& prefix) {
  return around<ListReply>(Verb::list, [&] { return inner_->list(kind, prefix); });
}

StoreInfo FaultyStore::info() {
  StoreInfo info = around<StoreInfo>(Verb::info, [&] { return inner_->info(); });
  const std::lock_guard lock(mutex_);
  if (time_) info.time = time_;
  return info;
}

ReleaseReply FaultyStore::report(const NodeStatus& row) {
  {
    const std::lock_guard lock(mutex_);
    reports_.push_back(row);
  }
  return around<ReleaseReply>(Verb::report, [&] { return inner_->report(row); });
}

ReleaseReply FaultyStore::retire(const Key& key, const std::string& uuid) {
  return around<ReleaseReply>(Verb::retire, [&] { return inner_->retire(key, uuid); });
}

MembersReply FaultyStore::members(const Key& key) {
  return around<MembersReply>(Verb::members, [&] { return inner_->members(key); });
}

ReleaseReply FaultyStore::record_term(const TermRow& row) {
  return around<ReleaseReply>(Verb::record_term, [&] { return inner_->record_term(row); });
}

HistoryReply FaultyStore::history(const Key& key, WallTime since, std::size_t limit) {
  return around<HistoryReply>(Verb::history, [&] { return inner_->history(key, since, limit); });
}

ControlReply FaultyStore::read_control(const Key& key) {
  return around<ControlReply>(Verb::read_control, [&] { return inner_->read_control(key); });
}

ReleaseReply FaultyStore::write_control(const ControlRow& row) {
  return around<ReleaseReply>(Verb::write_control, [&] { return inner_->write_control(row); });
}

ReleaseReply FaultyStore::report_waiters(const WaitersRow& row) {
  return around<ReleaseReply>(Verb::report_waiters, [&] { return inner_->report_waiters(row); });
}

}  // namespace mongoelector::test
