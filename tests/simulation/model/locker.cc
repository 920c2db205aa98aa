#include "simulation/model/locker.h"

#include <utility>

namespace mongoelector::simulation {

using internal::LeaseActions;
using internal::LeaseEvent;
using internal::LeaseInput;
using internal::LeaseState;

// ---- the machine ----

Locker::Applied Locker::apply(LeaseInput input) {
  input.jitter = world().random.unit();
  const LeaseState before = lease_.state;
  const LeaseActions actions = step(lease_, input, local_now(), around_.profile.timing);
  publish();
  if (before == LeaseState::unsure && actions.send_claim)
    around_.hit(Probe::claim_repeated_under_same_lease);
  if (before == LeaseState::undoing && lease_.state == LeaseState::idle &&
      input.event == LeaseEvent::tick)
    around_.hit(Probe::release_given_up);
  if (actions.lost) {
    const std::int64_t lost = StoreModel::number_of(lease_.id);
    tell(What::revoked, lost, lease_.token.value());
    dispatcher_.add([this, lost, token = lease_.token](const Done& done) {
      run_on_lost(lost, token, done);
    });
  }
  return {actions, lease_now()};
}

void Locker::publish() {
  publish_validity(lease_.state == LeaseState::held, lease_.id, lease_.token, lease_.deadline);
  tick_at(lease_.next_tick());
  const bool renewed = around_.profile.auto_renew && lease_.renewable();
  renew_at(renewed ? lease_.renew_at : Instant::max(),
           around_.profile.timing.renew_every / 4);
}

Lease Locker::lease_now() const {
  return {.key = key(),
          .id = lease_.id,
          .token = lease_.token,
          .ttl = around_.profile.timing.ttl};
}

void Locker::run_on_lost(std::int64_t lease, Token token, const Done& done) {
  tell(What::loss_told, lease, token.value());
  if (world().random.chance(around_.profile.call_from_callback)) call_something();
  post(callback_time(), [this, lease, token, done] {
    tell(What::loss_done, lease, token.value());
    done();
  });
}

// ---- acquire ----

void Locker::acquire(bool blocking, Instant give_up) {
  tell_call(ApiCall::acquire);
  if (acquiring_ || holding()) return;
  acquiring_ = true;
  attempt_ = {.give_up = give_up, .blocking = blocking};
  try_claim();
}

void Locker::claim_once(const Claimed& claimed) {
  apply({.event = LeaseEvent::tick});
  const Applied claim = apply({.event = LeaseEvent::claim, .lease_id = new_lease_id()});
  if (claim.send_claim) return send_claim(claim.lease.id, claimed);
  if (lease_.state == LeaseState::undoing) around_.hit(Probe::new_claim_while_release_pending);
  send_release(apply({.event = LeaseEvent::release}).lease, [this, claimed] {
    if (lease_.state != LeaseState::idle) return claimed(false, false);
    const Applied again = apply({.event = LeaseEvent::claim, .lease_id = new_lease_id()});
    if (!again.send_claim) return claimed(false, false);
    send_claim(again.lease.id, claimed);
  });
}

void Locker::send_claim(const LeaseId& id, const Claimed& claimed) {
  const Instant sent_at = local_now();
  const ClaimRequest request{.key = key(),
                             .lease_id = id,
                             .ttl = around_.profile.timing.ttl,
                             .stood_still = attempt_.stood_still};
  claim(request, [this, request, sent_at, claimed](const ClaimReply& reply) {
    if (reply.outcome == Outcome::unknown &&
        around_.store.lease() == StoreModel::number_of(request.lease_id))
      around_.hit(Probe::reply_of_won_claim_lost);
    const Applied actions = apply({.event = internal::claim_answer(reply.outcome),
                                   .lease_id = request.lease_id,
                                   .sent_at = sent_at,
                                   .token = reply.token});
    const bool for_good = reply.outcome == Outcome::denied;
    if (!actions.send_release) return claimed(actions.won, for_good);
    around_.hit(Probe::grant_after_its_deadline);
    send_release(actions.lease, [claimed] { claimed(false, false); });
  });
}

void Locker::try_claim() {
  claim_once([this](bool won, bool for_good) {
    if (won || for_good || !attempt_.blocking) return finish();
    wait(around_.profile.timing.retry_pause);
  });
}

void Locker::look() {
  if (local_now() >= attempt_.give_up) return finish();
  if (lease_.state == LeaseState::unsure) return try_claim();
  read([this](const ReadReply& reply) {
    if (reply.outcome == Outcome::denied) return finish();
    if (reply.outcome != Outcome::granted) return wait(around_.profile.timing.retry_pause);
    if (!reply.record || reply.record->claimable) return try_claim();
    const Instant now = local_now();
    attempt_.standstill.observe(*reply.record, around_.profile.timing.ttl, now);
    attempt_.stood_still.reset();
    Duration left = reply.record->remaining;
    if (left <= Duration::zero()) {
      attempt_.stood_still = attempt_.standstill.stood_still(now);
      if (attempt_.stood_still) return try_claim();
      left = attempt_.standstill.stands_at() - now;
    }
    wait(std::min(left, around_.profile.timing.poll));
  });
}

void Locker::wait(Duration pause) {
  attempt_.waiting = true;
  attempt_.order = ++waits_;
  const Duration left = std::min(pause, attempt_.give_up - local_now());
  const Duration delay = std::max(left, Duration::zero()) + latency();
  post(delay, [this, order = attempt_.order] {
    if (!attempt_.waiting || order != attempt_.order) return;
    attempt_.waiting = false;
    look();
  });
}

void Locker::woken(bool) {
  if (!std::exchange(attempt_.waiting, false)) return;
  look();
}

void Locker::finish() {
  if (lease_.state == LeaseState::unsure) {
    const Applied applied = apply({.event = LeaseEvent::release});
    if (applied.send_release)
      return send_release(applied.lease, [this] { acquiring_ = false; });
  }
  acquiring_ = false;
}

// ---- giving back ----

void Locker::send_release(const Lease& lease, const Done& done) {
  // Another thread of the program may run between the decision and the call.
  post(latency(), [this, lease, done] {
    Process::release(lease, [this, lease, done](const ReleaseReply& reply) {
      const LeaseEvent answer = internal::release_answer(reply.outcome);
      if (answer == LeaseEvent::unreleased) around_.hit(Probe::release_retried);
      apply({.event = answer, .lease_id = lease.id});
      if (reply.outcome == Outcome::granted) hint(true, latency());
      done();
    });
  });
}

void Locker::release() {
  tell_call(ApiCall::release);
  if (lease_.state == LeaseState::idle || acquiring_) return;
  Applied applied = apply({.event = LeaseEvent::tick});
  const bool held = lease_.state == LeaseState::held;
  if (!applied.send_release) applied = apply({.event = LeaseEvent::release});
  if (held) tell(What::revoked, StoreModel::number_of(lease_.id), lease_.token.value(), 1);
  if (applied.send_release) send_release(applied.lease, [] {});
}

void Locker::touch() {
  tell_call(ApiCall::touch);
  if (!holding()) return;
  const Instant sent_at = local_now();
  renew(lease_now(), [this, id = lease_.id, sent_at](Outcome outcome) {
    renewal_answered(id, outcome, sent_at);
  });
}

// ---- called by the session ----

void Locker::tick() {
  const Applied applied = apply({.event = LeaseEvent::tick});
  if (!applied.send_release) return;
  errands_.add([this, lease = applied.lease](const Done& done) { send_release(lease, done); });
}

std::optional<Lease> Locker::renewal() {
  if (!lease_.renewable()) return std::nullopt;
  return lease_now();
}

void Locker::renewal_answered(const LeaseId& id, Outcome outcome, Instant sent_at) {
  if (outcome == Outcome::granted && id == lease_.id && local_now() >= lease_.deadline)
    around_.hit(Probe::renewal_confirmed_after_deadline);
  apply({.event = internal::renewal_answer(outcome), .lease_id = id, .sent_at = sent_at});
}

// ---- the program ----

void Locker::restart() {
  lease_ = {};
  acquiring_ = false;
  attempt_ = {};
  acquire(true, Instant::max());
}

void Locker::call_something() {
  const auto soon = [this] {
    return local_now() + world().random.about(around_.profile.timing.ttl);
  };
  if (settled_) return;
  switch (world().random.pick(0, 5)) {
    case 0:
    case 1: return release();
    case 2: return touch();
    case 3: return acquire(false, Instant::max());
    default: return acquire(true, soon());
  }
}

void Locker::settle() {
  settled_ = true;
  world().after(around_.profile.timing.ttl / 4, [this] {
    post(latency(), [this] { holding() ? touch() : acquire(true, Instant::max()); });
    settle();
  });
}

}  // namespace mongoelector::simulation
