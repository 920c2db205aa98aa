#include "session/lock_participant.h"

#include <algorithm>
#include <utility>

#include "base/ids.h"
#include "base/text.h"
#include "session/reports.h"

namespace mongoelector::internal {

namespace {

LockerOptions checked(LockerOptions options) {
  check_label_and_note(options.label, options.note);
  if (options.max_offset <= Duration::zero())
    throw ArgumentError("max_offset must be longer than 0");
  return options;
}

}  // namespace

LockParticipant::LockParticipant(std::shared_ptr<Runtime> runtime, Key key, LockerOptions options)
    : runtime_(std::move(runtime)),
      key_(std::move(key)),
      options_(checked(std::move(options))),
      timing_(resolve_timing(options_.ttl, options_.timing,
                             runtime_->shared_store() ? kSmallestTtlShared : kSmallestTtlEmbedded)),
      holder_(make_holder(options_.label, options_.note, runtime_->shared_store())) {}

// ---- the machine ----

LockParticipant::Step LockParticipant::apply(const LeaseInput& input) {
  std::stop_source over{std::nostopstate};
  LossReason loss{};
  Step done{.lease = {.key = key_}};
  {
    const std::lock_guard lock(mutex_);
    done.was_held = lease_.state == LeaseState::held;
    done.actions = step(lease_, input, runtime_->clock().now(), timing_);
    // Taken in this very step: the stop source of a lease that follows at once is another one.
    if (done.actions.lost || input.event == LeaseEvent::release) over = ended_;
    if (done.actions.won) {
      ended_ = std::stop_source();
      acquired_at_ = runtime_->clock().wall();
    }
    publish();
    done.lease = lease_of(lease_);
    loss = lease_.loss;
  }
  over.request_stop();
  const Token token = done.lease.token;
  if (done.actions.won)
    emit(EventKind::acquired, "acquired " + show_key(key_) + ", token " + to_string(token));
  if (done.actions.lost) {
    emit(EventKind::lost, "lost " + show_key(key_) + ": " + describe_loss(loss));
    if (options_.on_lost) runtime_->call([me = self(), token] { me->run_on_lost(token); });
  }
  return done;
}

void LockParticipant::run_on_lost(Token token) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    in_callback_ = true;
  }
  try {
    options_.on_lost(token);
  } catch (...) {
    emit(EventKind::callback_failed, "on_lost of " + show_key(key_) + " threw");
  }
  const std::lock_guard lock(mutex_);
  in_callback_ = false;
  changed_.notify_all();
}

void LockParticipant::publish() {
  const bool held = lease_.state == LeaseState::held;
  // An attempt without success leaves the token of the latest lease as it was.
  if (lease_.token.known()) token_.store(lease_.token.value(), std::memory_order_release);
  valid_until_.store(held ? lease_.deadline.time_since_epoch().count() : 0,
                     std::memory_order_release);
  const bool renewed = options_.auto_renew && lease_.renewable();
  runtime_->schedule(shared_from_this(), lease_.next_tick(),
                     renewed ? lease_.renew_at : Instant::max(), timing_.renewal_slack());
}

Lease LockParticipant::lease_of(const LeaseData& lease) const {
  return {.key = key_, .id = lease.id, .token = lease.token, .ttl = timing_.ttl};
}

Lease LockParticipant::lease_now() const {
  const std::lock_guard lock(mutex_);
  return lease_of(lease_);
}

LeaseState LockParticipant::state() const {
  const std::lock_guard lock(mutex_);
  return lease_.state;
}

void LockParticipant::emit(EventKind kind, std::string message) const {
  runtime_->emit({.kind = kind, .key = key_, .token = token(), .message = std::move(message)});
}

ClaimReply LockParticipant::claim_once(bool force, const std::optional<RecordMark>& stood_still,
                                       Instant until) {
  tick();  // a loss that the watchdog has not seen yet is reported first
  Step claim = apply({.event = LeaseEvent::claim, .lease_id = new_lease_id()});
  if (!claim.actions.send_claim) {
    if (state() == LeaseState::abandoning)
      return {.detail = "an earlier attempt still has no answer"};
    // An earlier lease of ours may still stand at the store; it has to go first.
    const Lease earlier = apply({.event = LeaseEvent::release}).lease;
    const Outcome gone = send_release(earlier, until);
    claim = apply({.event = LeaseEvent::claim, .lease_id = new_lease_id()});
    if (!claim.actions.send_claim)
      return {.outcome = gone, .detail = "an earlier lease of ours could not be removed"};
  }
  const auto sent_at = std::make_shared<Instant>(runtime_->clock().now());
  return runtime_->ask(
      until,
      [me = self(), sent_at,
       request = ClaimRequest{.key = key_,
                              .holder = holder_,
                              .lease_id = claim.lease.id,
                              .ttl = timing_.ttl,
                              .force = force,
                              .stood_still = stood_still}] {
        *sent_at = me->runtime_->clock().now();
        return me->runtime_->store().claim(request);
      },
      [me = self(), sent_at, id = claim.lease.id](ClaimReply& reply) {
        me->claim_answered(id, *sent_at, reply);
      });
}

void LockParticipant::claim_answered(const LeaseId& id, Instant sent_at, ClaimReply& reply) {
  const Step done = apply({.event = claim_answer(reply.outcome),
                           .lease_id = id,
                           .sent_at = sent_at,
                           .token = reply.token});
  if (reply.outcome == Outcome::granted && !done.actions.won) {
    reply.outcome = Outcome::unknown;
    reply.detail = "the grant came too late";
  }
  if (done.actions.send_release) release_later(done.lease);
}

Outcome LockParticipant::send_release(const Lease& lease, Instant until) {
  const auto answered = [me = self(), lease](const ReleaseReply& reply) {
    me->release_answered(lease, reply);
  };
  return runtime_
      ->ask(until, [me = self(), lease] { return me->runtime_->store().release(lease); }, answered)
      .outcome;
}

void LockParticipant::release_later(const Lease& lease) {
  runtime_->errand(
      [me = self(), lease] { me->release_answered(lease, me->runtime_->store().release(lease)); });
}

void LockParticipant::release_answered(const Lease& lease, const ReleaseReply& reply) {
  const LeaseEvent answer = release_answer(reply.outcome);
  apply({.event = answer, .lease_id = lease.id, .jitter = random_unit()});
  if (reply.outcome == Outcome::granted) {
    emit(EventKind::released, "released " + show_key(key_));
    runtime_->waker().freed_here(key_);
    runtime_->leased();
  } else if (answer == LeaseEvent::unreleased) {
    emit(EventKind::release_failed,
         "release of " + show_key(key_) + " failed, it ends by itself within " +
             show_duration(timing_.ttl) + ": " + describe_trouble(reply.outcome, reply.detail));
  }
}

// ---- called by the session ----

void LockParticipant::tick() {
  const Step done = apply({.event = LeaseEvent::tick});
  if (done.actions.send_release) release_later(done.lease);
}

std::optional<DueRenewal> LockParticipant::renewal() {
  const std::lock_guard lock(mutex_);
  if (!lease_.renewable()) return std::nullopt;
  return DueRenewal{lease_of(lease_), lease_.deadline};
}

void LockParticipant::renewal_answered(const LeaseId& id, Outcome outcome,
                                       const std::string& detail, Instant sent_at) {
  const LeaseInput answer{.event = renewal_answer(outcome),
                          .lease_id = id,
                          .sent_at = sent_at,
                          .jitter = random_unit()};
  if (outcome == Outcome::granted) runtime_->leased();
  if (answer.event == LeaseEvent::unrenewed) {
    emit(EventKind::renewal_failed,
         "renewal of " + show_key(key_) + ": " + describe_trouble(outcome, detail));
  }
  apply(answer);
}

void LockParticipant::woken(bool) {}

// ---- behind MongoLocker ----

bool LockParticipant::release() {
  if (!same_process()) return false;
  {
    const std::lock_guard lock(mutex_);
    // Nothing of ours, or somebody else's acquire() is under way, which ends by itself.
    if (lease_.state == LeaseState::idle || acquiring_) return false;
  }
  tick();  // what the watchdog has not seen yet, a loss or a retry, comes first
  const Step done = apply({.event = LeaseEvent::release});
  return done.actions.send_release &&
         send_release(done.lease, within_budget()) == Outcome::granted && done.was_held;
}

bool LockParticipant::force_release() {
  runtime_->require_same_process();
  const bool ours = release();
  const std::optional<Record> record = get_current();
  if (!record) return ours;
  const ReleaseReply reply = runtime_->ask(within_budget(), [me = self(), seen = *record] {
    return me->runtime_->store().break_lease(seen);
  });
  if (reply.outcome != Outcome::granted && reply.outcome != Outcome::lost) {
    throw StoreError(reply.outcome, "forced release of " + show_key(key_) + ": " +
                                        describe_trouble(reply.outcome, reply.detail));
  }
  runtime_->waker().freed_here(key_);
  return ours;
}

std::optional<WallTime> LockParticipant::touch() {
  runtime_->require_same_process();
  if (!owned()) return std::nullopt;
  const Lease lease = lease_now();
  const Instant sent_at = runtime_->clock().now();
  const WallTime sent_wall = runtime_->clock().wall();
  const auto outcome_of = [](const RenewReply& reply) {
    return reply.outcomes.size() == 1 ? reply.outcomes[0] : Outcome::unknown;
  };
  const RenewReply reply = runtime_->ask(
      within_budget(), [me = self(), lease] { return me->runtime_->store().renew({&lease, 1}); },
      [me = self(), id = lease.id, sent_at, outcome_of](const RenewReply& answer) {
        me->renewal_answered(id, outcome_of(answer), answer.detail, sent_at);
      });
  const Outcome outcome = outcome_of(reply);
  if (outcome == Outcome::granted && owned()) {
    return sent_wall + std::chrono::duration_cast<WallTime::duration>(timing_.ttl);
  }
  if (outcome == Outcome::granted || outcome == Outcome::lost) return std::nullopt;
  throw StoreError(outcome,
                   "touch of " + show_key(key_) + ": " + describe_trouble(outcome, reply.detail));
}

bool LockParticipant::owned() const noexcept {
  const Duration::rep until = valid_until_.load(std::memory_order_acquire);
  return until != 0 && runtime_->same_process() &&
         runtime_->clock().now().time_since_epoch().count() < until;
}

Duration LockParticipant::remaining() const noexcept {
  const Instant until{Duration(valid_until_.load(std::memory_order_acquire))};
  if (!owned()) return Duration::zero();
  return std::max(until - runtime_->clock().now(), Duration::zero());
}

std::stop_token LockParticipant::stop_token() const {
  if (!same_process()) {  // what the parent holds has ended for this process
    std::stop_source over;
    over.request_stop();
    return over.get_token();
  }
  const std::lock_guard lock(mutex_);
  return ended_.get_token();
}

std::optional<Record> LockParticipant::get_current() const {
  runtime_->require_same_process();
  runtime_->start(timing_.call_budget, crew());
  ReadReply reply = runtime_->ask(
      within_budget(), [runtime = runtime_, key = key_] { return runtime->store().read(key); });
  if (reply.outcome != Outcome::granted) {
    throw StoreError(reply.outcome, "reading " + show_key(key_) + ": " +
                                        describe_trouble(reply.outcome, reply.detail));
  }
  if (reply.record && reply.record->remaining <= Duration::zero()) return std::nullopt;
  if (reply.record && reply.record->claimable) return std::nullopt;
  return std::move(reply.record);
}

LockStatus LockParticipant::status() const {
  LockStatus status{.uuid = holder_.uuid,
                    .key = key_,
                    .ttl = timing_.ttl,
                    .timestamp = runtime_->clock().wall(),
                    .host = holder_.host,
                    .pid = holder_.pid};
  const Duration left = remaining();
  status.lock_owned = left > Duration::zero();
  if (status.lock_owned) {
    const std::lock_guard lock(mutex_);
    status.lock_created = acquired_at_;
    status.lock_expires =
        status.timestamp + std::chrono::duration_cast<WallTime::duration>(left + timing_.margin);
  }
  return status;
}

void LockParticipant::release_quietly() noexcept {
  try {
    release();
  } catch (...) {  // the lease ends by itself after its ttl
  }
}

void LockParticipant::close() noexcept {
  release_quietly();
  try {
    Clock& time = runtime_->clock();
    const Instant until = time.now() + timing_.call_budget;
    std::unique_lock lock(mutex_);
    closed_ = true;
    // An on_lost that is running now uses what the owner is about to destroy.
    if (runtime_->on_dispatcher()) return;
    while (in_callback_ && time.now() < until) time.wait(lock, changed_, until);
  } catch (...) {  // a wait that fails is one that ends early
  }
}

}  // namespace mongoelector::internal
