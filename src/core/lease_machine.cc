#include "core/lease_machine.h"

#include <algorithm>

namespace mongoelector::internal {

namespace {

bool is_reply(LeaseEvent event) {
  switch (event) {
    case LeaseEvent::granted:
    case LeaseEvent::refused:
    case LeaseEvent::unsent:
    case LeaseEvent::unclear:
    case LeaseEvent::renewed:
    case LeaseEvent::gone:
    case LeaseEvent::unrenewed:
    case LeaseEvent::released:
    case LeaseEvent::unreleased: return true;
    case LeaseEvent::claim:
    case LeaseEvent::tick:
    case LeaseEvent::end:
    case LeaseEvent::release: return false;
  }
  return false;
}

Duration jittered(Duration pause, double jitter) {
  return pause - std::chrono::duration_cast<Duration>(pause * (jitter / 2));
}

struct Stepper {
  LeaseData& lease;
  const LeaseInput& input;
  const Instant now;
  const Timing& timing;
  LeaseActions actions = {};

  void run() {
    switch (lease.state) {
      case LeaseState::idle: return idle();
      case LeaseState::claiming: return claiming();
      case LeaseState::abandoning: return abandoning();
      case LeaseState::unsure: return unsure();
      case LeaseState::held: return held();
      case LeaseState::ending: return ending();
      case LeaseState::ended: return ended();
      case LeaseState::undoing: return undoing();
    }
  }

  void idle() {
    if (input.event != LeaseEvent::claim) return;
    lease = LeaseData{.id = input.lease_id};
    claim();
  }

  void claim() {
    lease.state = LeaseState::claiming;
    actions.send_claim = true;
  }

  void undo() {
    lease.state = LeaseState::undoing;
    lease.forgotten = timing.forgotten(now);
    lease.retry_at = Instant::max();
    actions.send_release = true;
  }

  void forget() { lease.state = LeaseState::idle; }

  void refuse() {
    actions.refused = true;
    forget();
  }

  void claiming() {
    switch (input.event) {
      case LeaseEvent::granted:
        // A grant that comes after its own deadline is worth nothing any more.
        if (now >= timing.deadline(input.sent_at)) return undo();
        lease.state = LeaseState::held;
        lease.token = input.token;
        lease.deadline = timing.deadline(input.sent_at);
        lease.renew_at = input.sent_at + timing.renew_every;
        actions.won = true;
        return;
      case LeaseEvent::refused: return refuse();
      case LeaseEvent::unsent:
        if (!lease.maybe_ours) return refuse();
        lease.state = LeaseState::unsure;
        return;
      case LeaseEvent::unclear:
        lease.state = LeaseState::unsure;
        if (!lease.maybe_ours) lease.deadline = timing.deadline(now);
        lease.maybe_ours = true;
        lease.forgotten = timing.forgotten(now);
        return;
      case LeaseEvent::end:
      case LeaseEvent::release:
        // A release sent now could overtake the claim; it must wait for the claim's answer.
        lease.state = LeaseState::abandoning;
        return;
      default: return;
    }
  }

  void abandoning() {
    const bool unsent = input.event == LeaseEvent::unsent;
    if (input.event == LeaseEvent::refused || (unsent && !lease.maybe_ours)) return forget();
    if (input.event == LeaseEvent::granted || input.event == LeaseEvent::unclear || unsent) undo();
  }

  void unsure() {
    if (input.event == LeaseEvent::claim) return now < lease.deadline ? claim() : undo();
    if (input.event == LeaseEvent::release || input.event == LeaseEvent::end) return undo();
    if (input.event == LeaseEvent::tick && now >= lease.forgotten) forget();
  }

  // True when the deadline has passed: the lease stops being valid, and being renewed.
  bool expire_if_due() {
    if (now < lease.deadline) return false;
    lease.state = LeaseState::ended;
    lease.forgotten = timing.forgotten(now);
    return true;
  }

  void keep() {
    switch (input.event) {
      case LeaseEvent::renewed:
        if (expire_if_due()) return;
        // An answer to an older request may arrive after one to a newer; the deadline only moves
        // forward.
        lease.deadline = std::max(lease.deadline, timing.deadline(input.sent_at));
        lease.renew_at = std::max(lease.renew_at, input.sent_at + timing.renew_every);
        return;
      case LeaseEvent::unrenewed:
        if (!expire_if_due()) lease.renew_at = now + jittered(timing.retry_pause, input.jitter);
        return;
      case LeaseEvent::gone: return forget();
      case LeaseEvent::tick: expire_if_due(); return;
      case LeaseEvent::release: return undo();
      default: return;
    }
  }

  void held() {
    if (input.event == LeaseEvent::end) {
      lease.state = LeaseState::ending;
      return;
    }
    keep();
    if (lease.state == LeaseState::ended || lease.state == LeaseState::idle) {
      lease.loss = lease.state == LeaseState::ended ? LossReason::deadline : LossReason::taken;
      actions.lost = true;
    }
  }

  void ending() { keep(); }

  void ended() {
    if (input.event == LeaseEvent::release) return undo();
    if (input.event == LeaseEvent::gone) return forget();
    if (input.event == LeaseEvent::tick && now >= lease.forgotten) forget();
  }

  void undoing() {
    switch (input.event) {
      case LeaseEvent::released: return forget();
      case LeaseEvent::unreleased:
        if (now >= lease.forgotten) return forget();
        lease.retry_at = now + jittered(timing.retry_pause, input.jitter);
        return;
      case LeaseEvent::tick:
        if (now >= lease.forgotten) return forget();
        if (now >= lease.retry_at) {
          lease.retry_at = Instant::max();
          actions.send_release = true;
        }
        return;
      default: return;
    }
  }
};

}  // namespace

LeaseEvent claim_answer(Outcome outcome) {
  switch (outcome) {
    case Outcome::granted: return LeaseEvent::granted;
    case Outcome::held: return LeaseEvent::refused;
    case Outcome::unreachable:
    case Outcome::denied:
    case Outcome::damaged: return LeaseEvent::unsent;
    case Outcome::lost:
    case Outcome::unknown: return LeaseEvent::unclear;
  }
  return LeaseEvent::unclear;
}

LeaseEvent renewal_answer(Outcome outcome) {
  switch (outcome) {
    case Outcome::granted: return LeaseEvent::renewed;
    case Outcome::held:
    case Outcome::lost: return LeaseEvent::gone;
    case Outcome::unreachable:
    case Outcome::unknown:
    case Outcome::denied:
    case Outcome::damaged: return LeaseEvent::unrenewed;
  }
  return LeaseEvent::unrenewed;
}

LeaseEvent release_answer(Outcome outcome) {
  switch (outcome) {
    case Outcome::granted:
    case Outcome::lost: return LeaseEvent::released;
    case Outcome::held:
    case Outcome::unreachable:
    case Outcome::unknown:
    case Outcome::denied:
    case Outcome::damaged: return LeaseEvent::unreleased;
  }
  return LeaseEvent::unreleased;
}

Instant LeaseData::next_tick() const {
  switch (state) {
    case LeaseState::idle:
    case LeaseState::claiming:
    case LeaseState::abandoning: return Instant::max();
    case LeaseState::unsure:
    case LeaseState::ended: return forgotten;
    case LeaseState::held:
    case LeaseState::ending: return deadline;
    case LeaseState::undoing: return std::min(forgotten, retry_at);
  }
  return Instant::max();
}

LeaseActions step(LeaseData& lease, const LeaseInput& input, Instant now, const Timing& timing) {
  if (is_reply(input.event) && input.lease_id != lease.id) return {};
  Stepper stepper{lease, input, now, timing};
  stepper.run();
  return stepper.actions;
}

}  // namespace mongoelector::internal
