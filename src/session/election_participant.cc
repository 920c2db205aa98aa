#include "session/election_participant.h"

#include <algorithm>
#include <utility>

#include "base/ids.h"
#include "base/text.h"
#include "session/reports.h"

namespace mongoelector::internal {

namespace {

ElectorOptions checked(ElectorOptions options) {
  check_label_and_note(options.label, options.note);
  check_text("app_version", options.app_version, 256);
  if (options.max_offset <= Duration::zero())
    throw ArgumentError("max_offset must be longer than 0");
  if (options.priority > 0 || options.priority < kLowestPriority) {
    throw ArgumentError("priority " + std::to_string(options.priority) + " must be " +
                        std::to_string(kLowestPriority) + " to 0; 0 goes first");
  }
  const Duration within = options.loss_callback_within.value_or(options.ttl);
  if (within <= Duration::zero() || within > kLargestTtl) {
    throw ArgumentError("loss_callback_within " + show_duration(within) +
                        " must be longer than 0 and at most " + show_duration(kLargestTtl));
  }
  return options;
}

}  // namespace

ElectionParticipant::ElectionParticipant(std::shared_ptr<Runtime> runtime, Key key,
                                         ElectorOptions options)
    : runtime_(std::move(runtime)),
      key_(std::move(key)),
      options_(checked(std::move(options))),
      config_{.timing = resolve_timing(
                  options_.ttl, options_.timing,
                  runtime_->shared_store() ? kSmallestTtlShared : kSmallestTtlEmbedded),
              .loss_callback_within = options_.loss_callback_within.value_or(options_.ttl)},
      poll_without_hints_(config_.timing.poll),
      holder_(make_holder(options_.label, options_.note, runtime_->shared_store())) {
  config_.yield_for = -options_.priority * poll_without_hints_;
}

// ---- the machine ----

void ElectionParticipant::apply(ElectionInput input) {
  input.new_lease_id = new_lease_id();
  input.lease.jitter = random_unit();
  std::shared_ptr<TermState> over;
  {
    const std::lock_guard lock(mutex_);
    const ElectionState before = election_.state;
    const Instant now = runtime_->clock().now();
    const ElectionActions actions = step(election_, input, now, config_);
    // A term leaves for good here: nothing that is published later can reach it.
    if (actions.revoke) {
      over = std::exchange(term_, nullptr);
      end_chapter(input.event, Instant(Duration(valid_until_.load())));
    }
    if (over) over->valid_until.store(0, std::memory_order_release);
    if (actions.call_onmaster) {
      begin_term();
      begin_chapter(now);  // from before anybody can see it
    }
    publish();
    carry_out(actions, over);
    post_ended_chapter();
    if (before == ElectionState::ceding && election_.state == ElectionState::losing &&
        election_.lease.state == LeaseState::ended) {
      emit(EventKind::callback_slow, "onmasterloss of " + show_key(key_) + " still runs after " +
                                         show_duration(config_.loss_callback_within) +
                                         "; the lease is left to expire");
    }
    if (election_.state == ElectionState::stopped && !actions.send_read)
      report_at_ = Instant::max();
    changed_.notify_all();
  }
  if (over) over->stop.request_stop();
}

void ElectionParticipant::apply_lease(LeaseInput reply) {
  apply({.event = ElectionEvent::lease_reply, .lease = std::move(reply)});
}

void ElectionParticipant::publish() {
  const bool master =
      election_.state == ElectionState::master && election_.lease.state == LeaseState::held;
  const Duration::rep until = master ? election_.lease.deadline.time_since_epoch().count() : 0;
  valid_until_.store(until, std::memory_order_release);
  token_.store(election_.lease.token.value(), std::memory_order_release);
  if (term_) term_->valid_until.store(until, std::memory_order_release);
  schedule();
}

void ElectionParticipant::schedule() {
  const LeaseData& lease = election_.lease;
  runtime_->schedule(shared_from_this(), std::min(election_.next_tick(), report_at_),
                     lease.renewable() ? lease.renew_at : Instant::max(),
                     config_.timing.renewal_slack());
}

void ElectionParticipant::carry_out(const ElectionActions& actions,
                                    const std::shared_ptr<TermState>& over) {
  if (actions.call_onmaster || actions.revoke)
    runtime_->waker().follow(key_, this, actions.revoke);
  if (actions.call_onmaster) post_onmaster();
  if (actions.call_onmasterloss) post_onmasterloss(over, election_.lease.loss);
  if (actions.call_onloop) post_onloop();
  if (actions.send_read) {
    last_poll_ = runtime_->clock().wall();
    runtime_->errand([me = self()] { me->read_store(); });
  }
  if (actions.send_claim) runtime_->errand([me = self()] { me->claim_at_store(); });
  if (actions.send_release)
    runtime_->errand([me = self(), lease = lease_of(election_)] { me->release_at_store(lease); });
  if (actions.ask_control) post_control();
  if (actions.report) post_records(Occasion::change);
}

void ElectionParticipant::emit(EventKind kind, std::string message) const {
  runtime_->emit(
      {.kind = kind, .key = key_, .token = Token(token_.load()), .message = std::move(message)});
}

Lease ElectionParticipant::lease_of(const ElectionData& election) const {
  return {.key = key_,
          .id = election.lease.id,
          .token = election.lease.token,
          .ttl = config_.timing.ttl};
}

// ---- callbacks, on the dispatcher ----

void ElectionParticipant::begin_term() {
  term_ = std::make_shared<TermState>();
  term_->token = election_.lease.token;
  term_->since = runtime_->clock().wall();
  term_->clock = runtime_->shared_clock();
  term_->guard = runtime_->guard();
  elected_at_ = term_->since;
}

void ElectionParticipant::post_onmaster() {
  emit(EventKind::acquired,
       "elected master of " + show_key(key_) + ", token " + to_string(term_->token));
  runtime_->call([me = self(), term = term_] { me->run_onmaster(term); });
}

void ElectionParticipant::post_onmasterloss(const std::shared_ptr<TermState>& term,
                                            LossReason reason) {
  elected_at_.reset();
  if (election_.state == ElectionState::losing) {
    emit(EventKind::lost,
         "no longer master of " + show_key(key_) + ": " + describe_loss(reason));
  }
  runtime_->call([me = self(), term] { me->run_onmasterloss(term); });
}

void ElectionParticipant::post_onloop() {
  if (!options_.onloop || loop_pending_ || closed_) return;
  loop_pending_ = true;
  runtime_->call([me = self()] {
    {
      const std::lock_guard lock(me->mutex_);
      me->loop_pending_ = false;
    }
    if (!me->enter_callback()) return;
    try {
      me->options_.onloop();
    } catch (...) {
      me->emit(EventKind::callback_failed, "onloop of " + show_key(me->key_) + " threw");
    }
    me->leave_callback();
  });
}

bool ElectionParticipant::enter_callback() {
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  in_callback_ = true;
  return true;
}

void ElectionParticipant::leave_callback() {
  const std::lock_guard lock(mutex_);
  in_callback_ = false;
  changed_.notify_all();
}

void ElectionParticipant::run_onmaster(const std::shared_ptr<TermState>& term) {
  if (!options_.onmaster || !enter_callback()) return;
  bool threw = true;
  std::string why = "something that is no std::exception";
  try {
    options_.onmaster(Term(term));
    threw = false;
  } catch (const std::exception& error) {
    why = error.what();
  } catch (...) {  // told apart by `why`
  }
  leave_callback();
  if (!threw) return;
  emit(EventKind::callback_failed,
       "onmaster of " + show_key(key_) + " threw, giving the term up: " + why);
  apply_event(ElectionEvent::onmaster_threw);
}

void ElectionParticipant::run_onmasterloss(const std::shared_ptr<TermState>& term) {
  // Whoever revoked the term may not have come to this yet.
  term->stop.request_stop();
  if (options_.onmasterloss && enter_callback()) {
    try {
      options_.onmasterloss(Term(term));
    } catch (...) {
      emit(EventKind::callback_failed, "onmasterloss of " + show_key(key_) + " threw");
    }
    leave_callback();
  }
  apply_event(ElectionEvent::loss_done);
}

// ---- store calls, on the errand runner ----

void ElectionParticipant::read_store() {
  const ReadReply reply = runtime_->store().read(key_);
  ElectionInput input{.event = ElectionEvent::read_failed};
  {
    const std::lock_guard lock(mutex_);
    const bool news = reply.outcome != last_look_;
    last_look_ = reply.outcome;
    last_look_detail_ = reply.detail;
    standstill_mark_.reset();
    expired_seen_.reset();
    if (reply.outcome != Outcome::granted) {
      const bool damaged = reply.outcome == Outcome::damaged;
      if (news) {
        emit(damaged ? EventKind::damaged_record : EventKind::store_trouble,
             "looking at " + show_key(key_) + ": " + describe_trouble(reply.outcome, reply.detail));
      }
    } else if (!reply.record || reply.record->claimable) {
      input.event = ElectionEvent::read_free;
      if (reply.record) expired_seen_ = {reply.record->holder.uuid, reply.record->expires_at};
    } else {
      const Record& record = *reply.record;
      const Duration passed = runtime_->clock().passed();
      standstill_.observe(record, config_.timing.ttl, passed);
      input.event = ElectionEvent::read_held;
      input.remaining = record.remaining;
      // Expired, but by a clock that did not write the expiry: it must also have stood still.
      if (record.remaining <= Duration::zero()) {
        input.remaining = standstill_.rest(passed);
        standstill_mark_ = standstill_.stood_still(passed);
        if (standstill_mark_) {
          input.event = ElectionEvent::read_free;
          expired_seen_ = {record.holder.uuid, record.expires_at};
        }
      }
    }
  }
  apply(std::move(input));
}

// `so`: what it means, for people; told once until the clock is right again.
bool ElectionParticipant::clock_is_off(const char* so) {
  if (!options_.timeparanoid) return false;
  const auto offset = runtime_->time_offset(options_.max_offset);
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    news = std::exchange(clock_was_off_, offset.has_value()) != offset.has_value();
  }
  if (offset && news) {
    emit(EventKind::time_offset, so + show_key(key_) + ": this machine's clock is off by " +
                                     show_duration(std::chrono::abs(*offset)) +
                                     " against the store's");
  }
  return offset.has_value();
}

void ElectionParticipant::claim_at_store() {
  ClaimRequest request{.key = key_, .holder = holder_, .ttl = config_.timing.ttl};
  {
    const std::lock_guard lock(mutex_);
    request.lease_id = election_.lease.id;
    request.stood_still = standstill_mark_;
  }
  const bool refrain = clock_is_off("not contending for ");
  const Instant sent_at = runtime_->clock().now();
  ClaimReply reply;
  if (refrain) {
    reply.outcome = Outcome::unreachable;
    reply.detail = "clock offset over the limit";
  } else {
    reply = runtime_->store().claim(request);
  }
  LeaseInput answer{.event = claim_answer(reply.outcome),
                    .lease_id = request.lease_id,
                    .sent_at = sent_at,
                    .token = reply.token};
  {
    const std::lock_guard lock(mutex_);
    last_look_ = reply.outcome == Outcome::held ? Outcome::granted : reply.outcome;
    last_look_detail_ = reply.detail;
    if (reply.outcome != Outcome::granted && reply.outcome != Outcome::held && !refrain) {
      emit(EventKind::store_trouble, "contending for " + show_key(key_) + ": " +
                                         describe_trouble(reply.outcome, reply.detail));
    }
  }
  apply_lease(std::move(answer));
}

void ElectionParticipant::release_at_store(const Lease& lease) {
  const ReleaseReply reply = runtime_->store().release(lease);
  const LeaseEvent answer = release_answer(reply.outcome);
  if (reply.outcome == Outcome::granted) {
    emit(EventKind::released, "released " + show_key(key_));
  } else if (answer == LeaseEvent::unreleased) {
    emit(EventKind::release_failed,
         "release of " + show_key(key_) + " failed, it ends by itself within " +
             show_duration(lease.ttl) + ": " + describe_trouble(reply.outcome, reply.detail));
  }
  apply_lease({.event = answer, .lease_id = lease.id});
  if (reply.outcome == Outcome::granted) runtime_->waker().freed_here(key_);
}

// ---- called by the session ----

void ElectionParticipant::tick() {
  apply_event(ElectionEvent::tick);
  const std::lock_guard lock(mutex_);
  if (runtime_->clock().now() >= report_at_) post_records(Occasion::heartbeat);
}

std::optional<DueRenewal> ElectionParticipant::renewal() {
  const std::lock_guard lock(mutex_);
  if (!election_.lease.renewable()) return std::nullopt;
  return DueRenewal{lease_of(election_), election_.lease.deadline};
}

void ElectionParticipant::renewal_answered(const LeaseId& id, Outcome outcome,
                                           const std::string& detail, Instant sent_at) {
  LeaseInput answer{.event = renewal_answer(outcome), .lease_id = id, .sent_at = sent_at};
  {
    const std::lock_guard lock(mutex_);
    ++renewals_answered_;
    last_poll_ = runtime_->clock().wall();
    last_look_ = outcome == Outcome::lost ? Outcome::granted : outcome;
    last_look_detail_ = detail;
    if (answer.event == LeaseEvent::unrenewed) {
      emit(EventKind::renewal_failed,
           "renewal of " + show_key(key_) + ": " + describe_trouble(outcome, detail));
    }
  }
  apply_lease(std::move(answer));
}

// A lease that runs out is noticed by its known expiry; looking more often is for those without
// wake-ups.
void ElectionParticipant::settle_poll() {
  if (options_.timing.poll) return;
  config_.timing.poll =
      runtime_->waker().has_hints() ? config_.timing.ttl : poll_without_hints_;
}

void ElectionParticipant::woken(bool freed) {
  {
    const std::lock_guard lock(mutex_);
    settle_poll();  // the end of the hints wakes too
    if (!freed && election_.state != ElectionState::stopped) post_control();
  }
  apply_event(freed ? ElectionEvent::freed : ElectionEvent::wake);
}

void ElectionParticipant::seen_renewed(Duration left) {
  apply({.event = ElectionEvent::alive, .remaining = left});
}

}  // namespace mongoelector::internal
