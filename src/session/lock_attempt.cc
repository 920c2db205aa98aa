// One acquire() call: try, then wait for a wake-up, the known expiry, the next step or the end of
// the time.
#include <algorithm>
#include <utility>

#include "base/ids.h"
#include "base/text.h"
#include "session/lock_participant.h"
#include "session/reports.h"

namespace mongoelector::internal {

namespace {

// With wake-ups, how long a waiter relies on them before it looks by itself: hints may be missing
// (S12).
constexpr Duration kLongestTrust = std::chrono::seconds(5);
// A wait that is shorter is no news to anybody, and most are.
constexpr Duration kWorthTelling = std::chrono::seconds(2);

void check(const AcquireOptions& options) {
  if (!options.blocking && options.timeout) {
    throw ArgumentError("acquire: blocking = false and timeout = " +
                        show_duration(*options.timeout) + " contradict each other");
  }
  if (options.timeout && *options.timeout < Duration::zero()) {
    throw ArgumentError("acquire: timeout " + show_duration(*options.timeout) + " is negative");
  }
  if (options.step <= Duration::zero()) {
    throw ArgumentError("acquire: step " + show_duration(options.step) + " must be longer than 0");
  }
}

}  // namespace

class LockParticipant::Attempt {
 public:
  Attempt(LockParticipant& lock, const AcquireOptions& options)
      : lock_(lock), options_(options), clock_(lock.runtime_->clock()) {
    const Instant now = clock_.now();
    // Waiting for ever, or so long that it is the same.
    if (options.timeout && *options.timeout < kLargestTtl * 100) give_up_ = now + *options.timeout;
    if (!options.blocking) give_up_ = now;
    if (give_up_ != Instant::max()) back_by_ = give_up_ + lock.timing_.call_budget;
    const std::lock_guard guard(lock_.mutex_);
    if (lock_.acquiring_)
      throw AlreadyHeld(name() + " is being acquired by another thread on this object");
    if (lock_.lease_.valid(now))
      throw AlreadyHeld(name() + " is held by this object already; it is not re-entrant");
    lock_.acquiring_ = true;
    standstill_mark_ = lock_.standstill_.stood_still(clock_.passed());
  }

  ~Attempt() {
    if (waiting_) {
      lock_.runtime_->waker().leave(lock_.key_, waiter_);
      lock_.runtime_->waited(lock_.key_);
    }
    // An attempt whose answer was lost, or is yet to come, must not leave a lease behind that
    // nobody knows of.
    const LeaseState state = lock_.state();
    const bool ours = state == LeaseState::unsure || state == LeaseState::claiming ||
                      state == LeaseState::held;
    if (ours && !won_) {
      const Step undone = lock_.apply({.event = LeaseEvent::release});
      if (undone.actions.send_release) {
        lock_.send_release(undone.lease, std::min(lock_.within_budget(), back_by_));
      }
    }
    const std::lock_guard guard(lock_.mutex_);
    lock_.acquiring_ = false;
  }

  Token run() {
    check_time();
    if (try_claim()) return token_;
    if (!options_.blocking) fail();
    lock_.runtime_->start_waker();
    lock_.runtime_->waker().join(lock_.key_, waiter_);
    waiting_ = true;
    if (lock_.runtime_->store().keeps_waiters())
      tell_at_ = clock_.now() + std::min(lock_.timing_.poll, kWorthTelling);
    const std::stop_callback on_cancel(options_.cancel, [this] { waiter_.wake(Woken::look); });
    // Only now is a wake-up certain to be seen, so whoever is in front looks once more: being put
    // there has woken him.
    for (;;) {
      const Instant look_at = waiter_.front() ? std::min(look_at_, tell_at_) : Instant::max();
      const Woken why = waiter_.wait(clock_, std::min(look_at, give_up_));
      const Instant now = clock_.now();
      if (now >= give_up_ || options_.cancel.stop_requested()) break;
      if (!waiter_.front()) continue;
      if (now >= tell_at_) tell_at_ = lock_.runtime_->still_waiting(lock_.key_, lock_.timing_.ttl);
      const bool look = why != Woken::no || now >= look_at_;
      if (look && try_again(why)) return token_;
    }
    if (options_.cancel.stop_requested())
      throw AcquireCancelled("waiting for " + name() + " was cancelled");
    throw AcquireTimeout(name() + " was not free within " +
                             show_duration(options_.timeout.value_or(Duration::zero())) + ": " +
                             obstacle(),
                         // Free when it was read, and somebody else's when we claimed it.
                         outcome_ == Outcome::granted ? Outcome::held : outcome_, record_);
  }

 private:
  std::string name() const { return show_key(lock_.key_); }

  void check_time() const {
    if (!lock_.options_.timeparanoid) return;
    const auto check = [runtime = lock_.runtime_, limit = lock_.options_.max_offset] {
      return runtime->time_offset(limit);
    };
    if (const auto offset = lock_.runtime_->ask(back_by_, check)) {
      throw TimeOffsetError(
          "this machine's clock is off by " + show_duration(std::chrono::abs(*offset)) +
              " against the store's (limit " + show_duration(lock_.options_.max_offset) +
              "); set it, or switch timeparanoid off",
          *offset);
    }
  }

  bool try_claim() {
    ClaimReply reply = lock_.claim_once(options_.force, standstill_mark_, back_by_);
    const bool won = reply.outcome == Outcome::granted;
    if (won) {
      won_ = true;
      token_ = reply.token;
    }
    outcome_ = reply.outcome;
    detail_ = std::move(reply.detail);
    record_ = std::move(reply.record);
    if (record_) lock_.standstill_.observe(*record_, lock_.timing_.ttl, clock_.passed());
    plan(record_ ? record_->remaining : Duration::zero());
    refuse_for_good();
    return won;
  }

  ReadReply read() const {
    return lock_.runtime_->ask(back_by_, [runtime = lock_.runtime_, key = lock_.key_] {
      return runtime->store().read(key);
    });
  }

  // Whoever hears that the key was given up claims without reading first: that halves what stands
  // between the two. Once others were faster there is a crowd, in which all but one would write
  // for nothing.
  bool try_again(Woken why) {
    if ((why != Woken::freed || crowded_) && !look()) return false;
    const bool won = try_claim();
    crowded_ = outcome_ == Outcome::held;
    return won;
  }

  // Reads before writing: true if a claim is worth it.
  bool look() {
    // Force asks nobody, and an ambiguous claim is repeated under the same lease, not looked at.
    if (options_.force || lock_.state() == LeaseState::unsure) return true;
    ReadReply reply = read();
    outcome_ = reply.outcome;
    detail_ = std::move(reply.detail);
    refuse_for_good();
    if (reply.outcome != Outcome::granted) {
      plan(Duration::zero());
      return false;
    }
    record_ = std::move(reply.record);
    if (!record_ || record_->claimable) return true;
    outcome_ = Outcome::held;
    const Duration passed = clock_.passed();
    Standstill& standstill = lock_.standstill_;
    standstill.observe(*record_, lock_.timing_.ttl, passed);
    standstill_mark_.reset();
    if (record_->remaining <= Duration::zero()) {
      standstill_mark_ = standstill.stood_still(passed);
      plan(standstill.rest(passed));
      return standstill_mark_.has_value();
    }
    plan(record_->remaining);
    return false;
  }

  // When to look next, if the lease in the way has `remaining` left (zero: not known).
  void plan(Duration remaining) {
    const bool hints = lock_.runtime_->waker().has_hints();
    // Bounded first: neither a step nor what a store says can overflow the sums below.
    const Duration step = std::min(options_.step, kLargestTtl);
    remaining = std::min(remaining, kLargestTtl);
    Duration pause = hints ? std::max(step, kLongestTrust) : step;
    if (remaining > Duration::zero()) {
      // A little after the expiry, so that many waiters do not all ask at once.
      const Duration spread =
          std::min<Duration>(lock_.timing_.ttl / 100, std::chrono::milliseconds(50));
      pause =
          std::min(pause, remaining + std::chrono::duration_cast<Duration>(spread * random_unit()));
    } else if (outcome_ != Outcome::held) {
      pause = std::min(pause, lock_.timing_.retry_pause);
    } else if (hints) {
      pause = step;
    }
    look_at_ = clock_.now() + pause;
  }

  void refuse_for_good() const {
    if (outcome_ == Outcome::denied || outcome_ == Outcome::damaged) {
      throw StoreError(outcome_,
                       "acquiring " + name() + ": " + describe_trouble(outcome_, detail_));
    }
  }

  std::string obstacle() const {
    if (outcome_ == Outcome::held && record_) return "held by " + describe_holder(*record_);
    if (outcome_ == Outcome::held || outcome_ == Outcome::granted) return "held by somebody else";
    return describe_trouble(outcome_, detail_);
  }

  [[noreturn]] void fail() {
    if (outcome_ != Outcome::held) {
      throw StoreError(outcome_,
                       "acquiring " + name() + ": " + describe_trouble(outcome_, detail_));
    }
    // Not every refusal says how long the lease still has.
    if (!record_ || record_->remaining <= Duration::zero()) {
      ReadReply reply = read();
      if (reply.outcome == Outcome::granted && reply.record) record_ = std::move(reply.record);
      if (record_) lock_.standstill_.observe(*record_, lock_.timing_.ttl, clock_.passed());
    }
    const std::string message = name() + " is " + obstacle();
    throw LockExists(message, record_ ? *record_ : Record{.key = lock_.key_});
  }

  LockParticipant& lock_;
  const AcquireOptions& options_;
  Clock& clock_;
  Instant give_up_ = Instant::max();
  Instant back_by_ = Instant::max();  // one call budget later
  Instant look_at_ = Instant::max();
  Instant tell_at_ = Instant::max();  // people, that we wait
  Waiter waiter_;
  bool waiting_ = false;
  bool crowded_ = false;
  std::optional<RecordMark> standstill_mark_;
  Outcome outcome_ = Outcome::unknown;
  std::string detail_;
  std::optional<Record> record_;
  bool won_ = false;
  Token token_;
};

Token LockParticipant::acquire(const AcquireOptions& options) {
  check(options);
  runtime_->require_same_process();
  runtime_->start(timing_.call_budget, crew());
  return Attempt(*this, options).run();
}

}  // namespace mongoelector::internal
