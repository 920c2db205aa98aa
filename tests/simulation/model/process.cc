#include "simulation/model/process.h"

#include <utility>

namespace mongoelector::simulation {

// ---- running ----

void Process::post(Duration delay, Job job) {
  world().after(delay, [this, life = life_, job = std::move(job)]() mutable {
    if (life != life_ || !up_) return;
    if (frozen_) {
      held_back_.push_back(std::move(job));
    } else {
      job();
    }
  });
}

void Process::begin(Duration delay) {
  world().after(delay, [this] {
    up_ = true;
    tell(What::started);
    restart();
  });
}

void Process::freeze(Duration length) {
  if (!up_ || frozen_) return;
  if (holding() && length > around_.profile.timing.ttl)
    around_.hit(Probe::pause_of_holder_longer_than_ttl);
  tell(What::frozen);
  frozen_ = true;
  world().after(length, [this, freeze = ++freezes_] {
    if (freeze == freezes_) thaw();
  });
}

void Process::thaw() {
  if (!frozen_) return;
  frozen_ = false;
  ++freezes_;
  tell(What::thawed);
  // Every thread has waited for the processor; which runs first is anybody's guess.
  for (Job& job : std::exchange(held_back_, {})) post(latency(), std::move(job));
}

void Process::crash_and_restart() {
  if (!up_) return;
  if (holding()) around_.hit(Probe::crash_of_holder);
  tell(What::crashed);
  up_ = false;
  ++life_;
  ++freezes_;
  frozen_ = false;
  held_back_.clear();
  errands_.clear();
  records_.clear();
  dispatcher_.clear();
  renewing_ = false;
  renew_at_ = Instant::max();
  seen_lease_ = 0;
  begin(world().random.between(Duration(1), around_.profile.timing.ttl));
}

void Process::Queue::add(std::function<void(Done)> job) {
  jobs_.push_back(std::move(job));
  if (!busy_) next();
}

void Process::Queue::next() {
  busy_ = !jobs_.empty();
  if (!busy_) return;
  process_.post(process_.latency(), [this, job = std::move(jobs_.front())] {
    job([this] { next(); });
  });
  jobs_.pop_front();
}

void Process::tick_at(Instant when) {
  const std::uint64_t order = ++tick_order_;
  if (when == Instant::max()) return;
  const TrueTime due = std::max(clock_.when(when), world().now());
  post(due - world().now() + latency(), [this, order] {
    if (order == tick_order_) tick();
  });
}

// ---- the keeper ----

void Process::renew_at(Instant when, Duration slack) {
  if (when == renew_at_) return;
  renew_at_ = when;
  slack_ = slack;
  if (!renewing_) arm_keeper();
}

void Process::arm_keeper() {
  const std::uint64_t order = ++keeper_order_;
  if (renew_at_ == Instant::max()) return;
  // It may go along with another that is due a little earlier.
  const Instant early = renew_at_ - world().random.between(Duration(0), slack_);
  const TrueTime due = std::max(clock_.when(early), world().now());
  post(due - world().now() + latency(), [this, order] {
    if (order == keeper_order_ && !renewing_) run_keeper();
  });
}

void Process::run_keeper() {
  renew_at_ = Instant::max();
  const auto due = renewal();
  if (!due) return;
  renewing_ = true;
  const Instant sent_at = local_now();
  renew(*due, [this, id = due->id, sent_at](Outcome outcome) {
    renewal_answered(id, outcome, sent_at);
    renewing_ = false;
    arm_keeper();
  });
}

// ---- store calls ----

template <class Reply>
void Process::call(What what, std::int64_t lease, const Network::Execute<Reply>& execute,
                   const Network::Answered<Reply>& answered) {
  tell(what, lease);
  // The request leaves a little after it was decided on, and the process may be frozen in between.
  post(latency(), [this, life = life_, lease, execute, answered] {
    around_.network.call<Reply>(id_, execute, [this, life, lease, answered](const Reply& reply) {
      if (life != life_) return;
      post(Duration(1), [this, lease, answered, reply] {
        tell(What::hears, lease, 0, static_cast<int>(reply.outcome));
        answered(reply);
      });
    });
  });
}

void Process::claim(const ClaimRequest& request,
                    const std::function<void(const ClaimReply&)>& answered) {
  call<ClaimReply>(
      What::sends_claim, StoreModel::number_of(request.lease_id),
      [this, request](StoreModel& store) { return around_.network.doubted(store.claim(request)); },
      answered);
}

void Process::release(const Lease& lease,
                      const std::function<void(const ReleaseReply&)>& answered) {
  call<ReleaseReply>(
      What::sends_release, StoreModel::number_of(lease.id),
      [this, lease](StoreModel& store) {
        if (store.lease() > StoreModel::number_of(lease.id))
          around_.hit(Probe::release_applied_in_later_term);
        return around_.network.doubted(store.release(lease));
      },
      answered);
}

void Process::read(const std::function<void(const ReadReply&)>& answered) {
  call<ReadReply>(
      What::sends_read, 0, [](StoreModel& store) { return store.read(); }, answered);
}

void Process::renew(const Lease& lease, const std::function<void(Outcome)>& answered) {
  struct Reply {
    Outcome outcome = Outcome::unknown;
  };
  call<Reply>(
      What::sends_renew, StoreModel::number_of(lease.id),
      [this, lease](StoreModel& store) {
        if (store.lease() != StoreModel::number_of(lease.id))
          around_.hit(Probe::renewal_applied_after_release);
        return around_.network.doubted(Reply{store.renew(lease)});
      },
      [answered](const Reply& reply) { answered(reply.outcome); });
}

// ---- the record ----

void Process::tell(What what, std::int64_t lease, std::uint64_t token, int detail) {
  around_.history.push_back({.when = world().now(),
                             .what = what,
                             .client = id_,
                             .lease = lease,
                             .token = token,
                             .detail = detail});
}

void Process::publish_validity(bool valid, const LeaseId& id, Token token, Instant deadline) {
  const std::int64_t lease = valid ? StoreModel::number_of(id) : 0;
  if (seen_lease_ == lease && (lease == 0 || seen_until_ == deadline)) return;
  if (seen_lease_ != 0 && seen_lease_ != lease) tell(What::ends, seen_lease_);
  seen_lease_ = lease;
  seen_until_ = deadline;
  if (lease == 0) return;
  tell(What::holds, lease, token.value());
  around_.history.back().until = clock_.when(deadline);
}

Duration Process::callback_time() {
  if (around_.network.healed() || !world().random.chance(around_.profile.slow_callback))
    return latency();
  const Duration length = world().random.between(Duration(1), around_.profile.slowest_callback);
  if (length > around_.profile.timing.ttl) around_.hit(Probe::callback_longer_than_ttl);
  return length;
}

}  // namespace mongoelector::simulation
