#include "core/election_machine.h"

#include <algorithm>

namespace mongoelector::internal {

namespace {

struct Stepper {
  ElectionData& election;
  const ElectionInput& input;
  const Instant now;
  const ElectionConfig& config;
  ElectionActions actions = {};

  void run() {
    if (input.event == ElectionEvent::lease_reply) return lease_reply();
    if (input.event == ElectionEvent::control) return control();
    switch (election.state) {
      case ElectionState::stopped: return stopped();
      case ElectionState::follower: return follower();
      case ElectionState::reading: return reading();
      case ElectionState::claiming: return claiming();
      case ElectionState::master: return master();
      case ElectionState::ceding: return ceding();
      case ElectionState::losing: return losing();
      case ElectionState::clearing: return clearing();
    }
  }

  // ---- the lease inside ----

  LeaseActions lease_step(LeaseEvent event) {
    LeaseInput lease_input{
        .event = event, .lease_id = input.new_lease_id, .jitter = input.lease.jitter};
    return step(election.lease, lease_input, now, config.timing);
  }

  void lease_reply() {
    if (input.lease.lease_id != election.lease.id) return;
    const LeaseState before = election.lease.state;
    const LeaseActions lease = step(election.lease, input.lease, now, config.timing);
    switch (election.state) {
      case ElectionState::claiming:
        if (election.lease.state != before) claim_answered(lease);
        return;
      case ElectionState::master:
        if (lease.lost) return lose();
        actions.call_onloop = true;
        return;
      case ElectionState::ceding:
        // The lease ended under a running onmasterloss: nothing left to renew or to delete in time.
        if (!election.lease.renewable()) election.state = ElectionState::losing;
        return;
      case ElectionState::clearing:
        actions.send_release = lease.send_release;
        return finish_clearing();
      default: return;
    }
  }

  void claim_answered(const LeaseActions& lease) {
    if (lease.won) {
      election.state = ElectionState::master;
      election.look_again = false;
      actions.call_onmaster = true;
      actions.report = true;
      actions.call_onloop = true;
    } else if (lease.refused) {
      actions.call_onloop = true;
      // A store that did not execute it is asked again soon.
      const bool unsent = input.lease.event == LeaseEvent::unsent;
      rest_until(unsent ? retry_at() : now + config.timing.poll);
    } else if (election.lease.state == LeaseState::unsure) {
      election.look_at = retry_at();
    } else if (lease.send_release) {
      // Granted, but the answer came too late to be used.
      actions.send_release = true;
      election.state = ElectionState::clearing;
    }
  }

  // ---- ways between the states ----

  Instant retry_at() const {
    const Duration pause = config.timing.retry_pause;
    return now + pause - std::chrono::duration_cast<Duration>(pause * (input.lease.jitter / 2));
  }

  // When to look at a lease that has `input.remaining` left.
  Instant expiry() const {
    // Up to a hundredth of the ttl later, so that many candidates do not all ask at once.
    const auto spread =
        std::chrono::duration_cast<Duration>(config.timing.ttl * (input.lease.jitter / 100));
    // What a store says may be anything; bounded first, it cannot overflow.
    const Duration left = std::clamp(input.remaining, Duration::zero(), config.timing.poll);
    return now + std::min(left + spread, config.timing.poll);
  }

  void read() {
    election.state = ElectionState::reading;
    election.look_again = false;
    election.free_seen = false;
    actions.send_read = true;
  }

  void claim() {
    election.state = ElectionState::claiming;
    election.yield_until = {};
    actions.send_claim = lease_step(LeaseEvent::claim).send_claim;
  }

  // The key is free. Others go first until yield_until, which stands until somebody has led: who
  // looks again in between must not wait anew.
  bool yields() {
    if (config.yield_for <= Duration::zero() || now < election.named_until) return false;
    if (election.yield_until == Instant{}) election.yield_until = now + config.yield_for;
    return now < election.yield_until;
  }

  // A look has found the key free.
  void claim_if_allowed() {
    const bool allowed = now >= election.hold_off_until && now >= election.barred_until;
    if (allowed && !yields()) return claim();
    actions.call_onloop = true;
    if (allowed) return rest_until(election.yield_until);
    // At the end of a bar all begin to wait anew.
    election.yield_until = {};
    // A bar may be lifted or prolonged; what is behind it is looked at as ever.
    const Instant past_bar = std::min(election.barred_until, now + config.timing.poll);
    rest_until(std::max(election.hold_off_until, past_bar));
  }

  // A look is over without a lease.
  void rest_until(Instant look_at) {
    if (!election.running) {
      election.state = ElectionState::stopped;
      return;
    }
    election.state = ElectionState::follower;
    election.look_at = election.look_again ? now : look_at;
    election.look_again = false;
  }

  void revoke() {
    actions.revoke = true;
    actions.call_onmasterloss = true;
  }

  void lose() {
    election.state = ElectionState::losing;
    revoke();
    actions.report = true;
  }

  void cede() {
    lease_step(LeaseEvent::end);
    election.state = ElectionState::ceding;
    election.cede_until = now + config.loss_callback_within;
    revoke();
  }

  void clear() {
    election.state = ElectionState::clearing;
    actions.send_release = lease_step(LeaseEvent::release).send_release;
    finish_clearing();
  }

  void finish_clearing() {
    if (election.lease.state != LeaseState::idle) return;
    election.look_again = false;
    actions.report = true;
    rest_until(now);
  }

  void hold_off() { election.hold_off_until = now + config.timing.ttl; }

  // ---- what operators ask for ----

  void control() {
    const bool was_barred = now < election.barred_until;
    election.barred_until = input.barred_until;
    election.named_until = input.named_until;
    election.control_by = {};
    switch (election.state) {
      case ElectionState::follower: {
        if (now < election.barred_until || now < election.hold_off_until) return;
        const bool named = now < election.yield_until && now < election.named_until;
        if (was_barred || named) read();
        return;
      }
      case ElectionState::reading:
        if (election.free_seen) claim_if_allowed();
        return;
      case ElectionState::master:
        if (!input.step_down) return;
        hold_off();
        return cede();
      default: return;
    }
  }

  // Whoever has just come, or was away, does not know what was asked for in the meantime.
  void ask_control() {
    election.barred_until = election.named_until = {};
    election.control_by = now + config.timing.call_budget;
    actions.ask_control = true;
  }

  // ---- states ----

  void stopped() {
    if (input.event != ElectionEvent::start && input.event != ElectionEvent::poll) return;
    if (input.event == ElectionEvent::start) {
      election.running = true;
      election.yield_until = {};
      actions.report = true;
    }
    ask_control();
    read();
  }

  void follower() {
    if (input.event == ElectionEvent::stop) {
      election.running = false;
      election.state = ElectionState::stopped;
      actions.report = true;
      return;
    }
    if (input.event == ElectionEvent::alive) {
      election.look_at = std::max(election.look_at, expiry());
      election.yield_until = {};
      return;
    }
    if (now < election.hold_off_until) return;
    if (input.event == ElectionEvent::freed) return freed();
    const bool due = input.event == ElectionEvent::tick && now >= election.look_at;
    if (due || input.event == ElectionEvent::poll || input.event == ElectionEvent::wake) read();
  }

  void freed() {
    if (now < election.barred_until) return read();
    if (!yields()) return claim();
    election.look_at = election.yield_until;
  }

  void reading() {
    switch (input.event) {
      case ElectionEvent::stop:
        election.running = false;
        election.state = ElectionState::stopped;
        actions.report = true;
        return;
      case ElectionEvent::start: election.running = true; return;
      case ElectionEvent::wake:
      case ElectionEvent::freed: election.look_again = true; return;
      case ElectionEvent::read_free:
        election.free_seen = now < election.control_by;
        if (!election.free_seen) claim_if_allowed();
        return;
      case ElectionEvent::tick:
        if (election.free_seen && now >= election.control_by) claim_if_allowed();
        return;
      case ElectionEvent::read_held:
        election.yield_until = {};
        actions.call_onloop = true;
        return rest_until(expiry());
      case ElectionEvent::read_failed: actions.call_onloop = true; return rest_until(retry_at());
      default: return;
    }
  }

  void claiming() {
    switch (input.event) {
      case ElectionEvent::stop: election.running = false; return clear();
      case ElectionEvent::start: election.running = true; return;
      case ElectionEvent::wake:
      case ElectionEvent::freed: election.look_again = true; return;
      case ElectionEvent::tick:
        if (election.lease.state != LeaseState::unsure) return;
        if (now >= election.lease.deadline) return clear();
        if (now >= election.look_at) claim();
        return;
      default: return;
    }
  }

  void master() {
    switch (input.event) {
      case ElectionEvent::start: election.running = true; return;
      case ElectionEvent::stop: election.running = false; return cede();
      case ElectionEvent::onmaster_threw:
      case ElectionEvent::release: hold_off(); return cede();
      case ElectionEvent::poll:
      case ElectionEvent::freed: election.lease.renew_at = now; return;
      case ElectionEvent::tick:
        if (lease_step(LeaseEvent::tick).lost) lose();
        return;
      default: return;
    }
  }

  void ceding() {
    remember_will();
    if (input.event == ElectionEvent::loss_done) return clear();
    if (input.event != ElectionEvent::tick) return;
    lease_step(LeaseEvent::tick);
    if (!election.lease.renewable()) {
      election.state = ElectionState::losing;
    } else if (now >= election.cede_until) {
      // The callback does not end. Deleting the lease under running work would let a rival start;
      // it must run out.
      abandon_renewal();
      election.state = ElectionState::losing;
    }
  }

  void abandon_renewal() {
    election.lease.state = LeaseState::ended;
    election.lease.forgotten = config.timing.forgotten(now);
  }

  void losing() {
    remember_will();
    if (input.event == ElectionEvent::loss_done) return clear();
    if (input.event == ElectionEvent::tick) lease_step(LeaseEvent::tick);
  }

  void clearing() {
    remember_will();
    if (input.event != ElectionEvent::tick) return;
    actions.send_release = lease_step(LeaseEvent::tick).send_release;
    finish_clearing();
  }

  void remember_will() {
    if (input.event == ElectionEvent::start) election.running = true;
    if (input.event == ElectionEvent::stop) election.running = false;
  }
};

}  // namespace

Instant ElectionData::next_tick() const {
  switch (state) {
    case ElectionState::stopped: return Instant::max();
    case ElectionState::reading: return free_seen ? control_by : Instant::max();
    case ElectionState::follower: return std::max(look_at, hold_off_until);
    case ElectionState::claiming:
      return lease.state == LeaseState::unsure ? std::min(look_at, lease.deadline)
                                               : Instant::max();
    case ElectionState::ceding: return std::min(cede_until, lease.next_tick());
    case ElectionState::master:
    case ElectionState::losing:
    case ElectionState::clearing: return lease.next_tick();
  }
  return Instant::max();
}

ElectionActions step(ElectionData& election, const ElectionInput& input, Instant now,
                     const ElectionConfig& config) {
  Stepper stepper{election, input, now, config};
  stepper.run();
  return stepper.actions;
}

}  // namespace mongoelector::internal
