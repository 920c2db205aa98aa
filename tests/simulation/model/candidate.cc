#include "simulation/model/candidate.h"

#include <utility>

namespace mongoelector::simulation {

using internal::ElectionActions;
using internal::ElectionInput;
using internal::ElectionState;
using internal::LeaseEvent;
using internal::LeaseState;

// ---- the machine ----

void Candidate::apply(ElectionInput input) {
  input.new_lease_id = new_lease_id();
  input.lease.jitter = world().random.unit();
  const ElectionState before = election_.state;
  const internal::LeaseData lease_before = election_.lease;
  const Instant now = local_now();
  const ElectionActions actions = step(election_, input, now, config_);
  const internal::LeaseData& lease = election_.lease;
  if (before == ElectionState::ceding && election_.state == ElectionState::losing &&
      now >= election_.cede_until)
    around_.hit(Probe::cede_time_over);
  if (lease_before.state == LeaseState::unsure && actions.send_claim)
    around_.hit(Probe::claim_repeated_under_same_lease);
  if (before == ElectionState::follower && actions.send_claim)
    around_.hit(Probe::won_without_reading);
  if (before == ElectionState::master && input.step_down && actions.revoke)
    around_.hit(Probe::stepped_down_when_asked);
  if (input.event == Event::control && actions.send_claim)
    around_.hit(Probe::claim_waited_for_control);
  publish_validity(election_.state == ElectionState::master && lease.state == LeaseState::held,
                   lease.id, lease.token, lease.deadline);
  tick_at(election_.next_tick());
  renew_at(lease.renewable() ? lease.renew_at : Instant::max(), config_.timing.renew_every / 4);
  carry_out(actions, StoreModel::number_of(lease_before.id),
            lease_before.token);
}

void Candidate::carry_out(const ElectionActions& actions, std::int64_t lease, Token token) {
  if (actions.revoke) tell(What::revoked, lease, token.value());
  if (actions.call_onmaster) {
    dispatcher_.add([this, won = StoreModel::number_of(election_.lease.id),
                     won_token = election_.lease.token](const Done& done) {
      run_onmaster(won, won_token, done);
    });
  }
  if (actions.call_onmasterloss) {
    dispatcher_.add(
        [this, lease, token](const Done& done) { run_onmasterloss(lease, token, done); });
  }
  if (actions.send_read) errands_.add([this](const Done& done) { read_store(done); });
  if (actions.send_claim) errands_.add([this](const Done& done) { claim_at_store(done); });
  if (actions.send_release) {
    errands_.add([this, given_back = this->lease()](const Done& done) {
      release_at_store(given_back, done);
    });
  }
  const bool stopped = election_.state == ElectionState::stopped;
  if (actions.ask_control || (actions.report && !stopped)) ask_control();
}

Lease Candidate::lease() const {
  return {.key = key(),
          .id = election_.lease.id,
          .token = election_.lease.token,
          .ttl = config_.timing.ttl};
}

// ---- errands ----

void Candidate::read_store(const Done& done) {
  read([this, done](const ReadReply& reply) {
    ElectionInput input{.event = Event::read_failed};
    standstill_mark_.reset();
    if (reply.outcome == Outcome::granted) {
      input.event = Event::read_held;
      if (!reply.record || reply.record->claimable) {
        input.event = Event::read_free;
      } else {
        standstill_.observe(*reply.record, config_.timing.ttl, local_now());
        input.remaining = reply.record->remaining;
        if (input.remaining <= Duration::zero()) {
          input.remaining = standstill_.stands_at() - local_now();
          standstill_mark_ = standstill_.stood_still(local_now());
          if (standstill_mark_) input.event = Event::read_free;
        }
      }
      if (input.event == Event::read_free && local_now() < election_.hold_off_until)
        around_.hit(Probe::hold_off);
      if (input.event == Event::read_free && local_now() < election_.barred_until)
        around_.hit(Probe::claim_barred);
    }
    apply(std::move(input));
    done();
  });
}

void Candidate::claim_at_store(const Done& done) {
  const ClaimRequest request{.key = key(),
                             .lease_id = election_.lease.id,
                             .ttl = config_.timing.ttl,
                             .stood_still = standstill_mark_};
  const Instant sent_at = local_now();
  claim(request, [this, request, sent_at, done](const ClaimReply& reply) {
    if (reply.outcome == Outcome::granted) {
      if (election_.state == ElectionState::clearing) around_.hit(Probe::grant_unwanted);
      if (local_now() >= config_.timing.deadline(sent_at))
        around_.hit(Probe::grant_after_its_deadline);
      if (request.stood_still) around_.hit(Probe::won_after_standstill);
    } else if (reply.outcome == Outcome::unknown &&
               around_.store.lease() == StoreModel::number_of(request.lease_id)) {
      around_.hit(Probe::reply_of_won_claim_lost);
    }
    apply({.event = Event::lease_reply,
           .lease = {.event = internal::claim_answer(reply.outcome),
                     .lease_id = request.lease_id,
                     .sent_at = sent_at,
                     .token = reply.token}});
    done();
  });
}

void Candidate::release_at_store(const Lease& lease, const Done& done) {
  release(lease, [this, id = lease.id, done](const ReleaseReply& reply) {
    const LeaseEvent answer = internal::release_answer(reply.outcome);
    if (answer == LeaseEvent::unreleased) around_.hit(Probe::release_retried);
    apply({.event = Event::lease_reply, .lease = {.event = answer, .lease_id = id}});
    if (reply.outcome == Outcome::granted) hint(true, latency());
    done();
  });
}

// ---- what operators ask for ----

void Candidate::ask_control() {
  if (control_pending_) return;
  control_pending_ = true;
  records_.add([this](const Done& done) { read_control(done); });
}

// Any row may be there, a different one for each: no promise may rest on it.
void Candidate::read_control(const Done& done) {
  control_pending_ = false;
  read([this, done](const ReadReply& reply) {
    ElectionInput input{.event = Event::control, .barred_until = election_.barred_until};
    if (reply.outcome == Outcome::granted) {
      input.barred_until = {};
      const bool asked = !around_.network.healed();
      if (asked && world().random.chance(around_.profile.barred)) {
        input.barred_until =
            local_now() + world().random.between(Duration(1), around_.profile.longest_bar);
      }
      input.step_down = asked && world().random.chance(around_.profile.asked_to_step_down);
    }
    apply(std::move(input));
    done();
  });
}

// ---- callbacks ----

void Candidate::run_onmaster(std::int64_t lease, Token token, const Done& done) {
  tell(What::began_told, lease, token.value());
  if (world().random.chance(around_.profile.call_from_callback)) call_something();
  const bool throws =
      !around_.network.healed() && world().random.chance(around_.profile.throwing_callback);
  post(callback_time(), [this, throws, done] {
    if (throws && election_.state == ElectionState::master)
      around_.hit(Probe::onmaster_threw_while_master);
    if (throws) apply({.event = Event::onmaster_threw});
    done();
  });
}

void Candidate::run_onmasterloss(std::int64_t lease, Token token, const Done& done) {
  tell(What::loss_told, lease, token.value());
  if (world().random.chance(around_.profile.call_from_callback)) call_something();
  post(callback_time(), [this, lease, token, done] {
    tell(What::loss_done, lease, token.value());
    apply({.event = Event::loss_done});
    done();
  });
}

// ---- called by the session ----

std::optional<Lease> Candidate::renewal() {
  if (!election_.lease.renewable()) return std::nullopt;
  return lease();
}

void Candidate::renewal_answered(const LeaseId& id, Outcome outcome, Instant sent_at) {
  const internal::LeaseData& now = election_.lease;
  if (outcome == Outcome::granted && id == now.id && local_now() >= now.deadline)
    around_.hit(Probe::renewal_confirmed_after_deadline);
  if (election_.state == ElectionState::ceding) around_.hit(Probe::term_ceded_while_renewing);
  apply({.event = Event::lease_reply,
         .lease = {.event = internal::renewal_answer(outcome),
                   .lease_id = id,
                   .sent_at = sent_at}});
}

void Candidate::woken(bool freed) {
  if (!freed && election_.state != ElectionState::stopped) ask_control();
  apply({.event = freed ? Event::freed : Event::wake});
}

// ---- the program ----

void Candidate::restart() {
  election_ = {};
  control_pending_ = false;
  standstill_ = {};
  standstill_mark_.reset();
  start();
}

void Candidate::stop() {
  if (election_.state == ElectionState::claiming) around_.hit(Probe::stop_while_claiming);
  tell_call(ApiCall::stop);
  apply({.event = Event::stop});
}

void Candidate::call_something() {
  if (settled_) return;
  switch (world().random.pick(0, 5)) {
    case 0: return stop();
    case 1: tell_call(ApiCall::release); return apply({.event = Event::release});
    case 2: tell_call(ApiCall::poll); return apply({.event = Event::poll});
    default: return start();
  }
}

void Candidate::settle() {
  settled_ = true;
  post(latency(), [this] { start(); });  // a process that is down starts by itself
}

}  // namespace mongoelector::simulation
