// What callers ask of a candidate: start, stop, poll, release, and what it knows.
#include <algorithm>
#include <utility>

#include "base/text.h"
#include "session/election_participant.h"
#include "session/reports.h"

namespace mongoelector::internal {

// Waits, holding mutex_ only while it looks, until `condition` holds; false when `within` is over.
template <class Condition>
bool ElectionParticipant::await_state(Duration within, const Condition& condition) {
  Clock& time = runtime_->clock();
  const Instant until = within == Duration::max() ? Instant::max() : time.now() + within;
  std::unique_lock lock(mutex_);
  while (!condition()) {
    if (time.now() >= until) return false;
    time.wait(lock, changed_, until);
  }
  return true;
}

// For callers: within one call budget.
template <class Call>
auto ElectionParticipant::ask(Call call) const {
  runtime_->require_same_process();
  runtime_->start(config_.timing.call_budget, Crew::candidate);
  return runtime_->ask(runtime_->clock().now() + config_.timing.call_budget, std::move(call));
}

void ElectionParticipant::start(bool blocking) {
  runtime_->require_same_process();
  runtime_->start(config_.timing.call_budget, Crew::candidate);
  {
    const std::lock_guard lock(mutex_);
    if (!joined_) {
      joined_ = true;
      runtime_->waker().add(key_, weak_from_this());
    }
    settle_poll();
  }
  apply_event(ElectionEvent::start);
  // A callback that waited here would keep the dispatcher from ending the term it waits for.
  if (!blocking || runtime_->on_dispatcher()) return;
  await_state(Duration::max(),
              [&] { return election_.state == ElectionState::stopped && !election_.running; });
}

void ElectionParticipant::stop() {
  if (!same_process()) return;
  {
    const std::lock_guard lock(mutex_);
    if (election_.state == ElectionState::stopped) return;
  }
  apply_event(ElectionEvent::stop);
  if (runtime_->on_dispatcher()) return;  // from a callback: the rest follows when it has returned
  await_state(stop_bound(), [&] {
    const bool stopped = election_.state == ElectionState::stopped && !report_pending_;
    return stopped || election_.running;
  });
}

void ElectionParticipant::poll() {
  runtime_->require_same_process();
  runtime_->start(config_.timing.call_budget, Crew::candidate);
  std::uint64_t renewals = 0;
  bool renewing = false;
  {
    const std::lock_guard lock(mutex_);
    renewals = renewals_answered_;
    renewing = election_.state == ElectionState::master;
  }
  apply_event(ElectionEvent::poll);
  if (runtime_->on_dispatcher()) return;
  const bool answered = await_state(3 * config_.timing.call_budget, [&] {
    const bool renewed =
        !renewing || renewals_answered_ != renewals || election_.state != ElectionState::master;
    return renewed && !election_.looking();
  });
  const std::lock_guard lock(mutex_);
  if (!answered)
    throw StoreError(Outcome::unknown, "poll of " + show_key(key_) + ": no answer in time");
  if (last_look_ != Outcome::granted) {
    throw StoreError(last_look_, "poll of " + show_key(key_) + ": " +
                                     describe_trouble(last_look_, last_look_detail_));
  }
}

void ElectionParticipant::release() {
  if (!same_process()) return;
  {
    const std::lock_guard lock(mutex_);
    if (election_.state != ElectionState::master) return;
  }
  apply_event(ElectionEvent::release);
  if (runtime_->on_dispatcher()) return;
  await_state(stop_bound(), [&] { return !election_.leaving(); });
}

void ElectionParticipant::close() noexcept {
  try {
    const Instant until = runtime_->clock().now() + stop_bound();
    stop();
    runtime_->waker().remove(key_, this);
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      report_at_ = Instant::max();
    }
    if (runtime_->on_dispatcher()) {
      // Destroyed by its own callback: no onmasterloss will run, so there is none to wait for, and
      // the session may end right after this.
      apply_event(ElectionEvent::loss_done);
    } else {
      // A callback that is running now is waited for: it uses what the owner is about to destroy.
      await_state(until - runtime_->clock().now(), [&] { return !in_callback_; });
    }
  } catch (...) {  // the lease ends by itself after its ttl
  }
}

bool ElectionParticipant::running() const {
  if (!same_process()) return false;
  const std::lock_guard lock(mutex_);
  return election_.running;
}

bool ElectionParticipant::ismaster() const noexcept {
  const Duration::rep until = valid_until_.load(std::memory_order_acquire);
  return until != 0 && runtime_->same_process() &&
         runtime_->clock().now().time_since_epoch().count() < until;
}

std::optional<Term> ElectionParticipant::term() const {
  if (!ismaster()) return std::nullopt;
  const std::lock_guard lock(mutex_);
  return term_ ? std::optional(Term(term_)) : std::nullopt;
}

Duration ElectionParticipant::pollwait() const {
  if (!same_process()) return Duration::zero();
  const std::lock_guard lock(mutex_);
  const Instant now = runtime_->clock().now();
  Instant next = now;
  if (election_.lease.renewable()) {
    next = election_.lease.renew_at;
  } else if (election_.running) {
    next = election_.next_tick();
  }
  if (next == Instant::max()) return Duration::zero();
  return std::max(next - now, Duration::zero());
}

std::optional<Record> ElectionParticipant::read_master() const {
  ReadReply reply =
      ask([runtime = runtime_, key = key_] { return runtime->store().read(key); });
  if (reply.outcome != Outcome::granted) {
    throw StoreError(reply.outcome, "reading " + show_key(key_) + ": " +
                                        describe_trouble(reply.outcome, reply.detail));
  }
  if (reply.record && (reply.record->claimable || reply.record->remaining <= Duration::zero()))
    return std::nullopt;
  return std::move(reply.record);
}

MembersReply ElectionParticipant::read_members() const {
  MembersReply reply =
      ask([runtime = runtime_, key = key_] { return runtime->store().members(key); });
  if (reply.outcome != Outcome::granted) {
    throw StoreError(reply.outcome, "members of " + show_key(key_) + ": " +
                                        describe_trouble(reply.outcome, reply.detail));
  }
  return reply;
}

void ElectionParticipant::report_status() {
  const ReleaseReply reply =
      ask([runtime = runtime_, row = node_status()] { return runtime->store().report(row); });
  if (reply.outcome == Outcome::granted) return;
  throw StoreError(reply.outcome, "status row of " + show_key(key_) + ": " +
                                      describe_trouble(reply.outcome, reply.detail));
}

}  // namespace mongoelector::internal
