#include "session/keeper.h"

#include <algorithm>
#include <utility>

namespace mongoelector::internal {

void Keeper::start() {
  thread_.start([shared = shared_, store = store_, clock = clock_] {
    std::unique_lock lock(shared->mutex);
    while (!shared->closing) {
      Due due = shared->timetable.take_due(clock->now());
      if (due.empty()) {
        clock->wait(lock, shared->changed, shared->timetable.rest());
        continue;
      }
      lock.unlock();
      renew_all(*store, *clock, due);
      due.clear();
      lock.lock();
    }
  });
}

void Keeper::renew_all(LeaseStore& store, Clock& clock, const Due& due) {
  std::vector<std::pair<Instant, Participant*>> jobs;
  jobs.reserve(due.size());
  for (const auto& who : due) {
    if (const auto renewal = who->renewal()) jobs.emplace_back(renewal->deadline, who.get());
  }
  std::sort(jobs.begin(), jobs.end());
  for (std::size_t from = 0; from < jobs.size(); from += kRenewBatch) {
    const std::size_t to = std::min(from + kRenewBatch, jobs.size());
    std::vector<Lease> leases;
    std::vector<Participant*> holders;
    for (std::size_t i = from; i < to; ++i) {
      // Asked once more: while an earlier batch was under way it may have ended or been given back.
      auto renewal = jobs[i].second->renewal();
      if (!renewal) continue;
      leases.push_back(std::move(renewal->lease));
      holders.push_back(jobs[i].second);
    }
    if (leases.empty()) continue;
    const Instant sent_at = clock.now();
    const RenewReply reply = store.renew(leases);
    for (std::size_t i = 0; i < holders.size(); ++i) {
      // A store that answers for too few leases has said nothing about the rest.
      const Outcome outcome = i < reply.outcomes.size() ? reply.outcomes[i] : Outcome::unknown;
      holders[i]->renewal_answered(leases[i].id, outcome, reply.detail, sent_at);
    }
  }
}

void Keeper::set(const std::shared_ptr<Participant>& who, Instant at, Duration slack) {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->closing) return;
  shared_->timetable.set(who, at, slack);
  if (shared_->timetable.disturbs_rest()) shared_->changed.notify_one();
}

bool Keeper::finish(Duration within) {
  Timetable dropped;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->closing = true;
    std::swap(dropped, shared_->timetable);
    shared_->changed.notify_one();
  }
  return thread_.finish(*clock_, within);
}

}  // namespace mongoelector::internal
