// One MongoLocker at work: the lease machine driven by its caller (acquire, touch, release), the
// keeper (renewals) and the watchdog (deadline, retries of a release).
//
// Data: caller -> apply(input) -> lease machine -> actions -> caller's own store calls ->
// apply(reply). mutex_ guards the machine and is never held over a store call, a callback or a stop
// callback. What owned() needs is in atomics.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "core/lease_machine.h"
#include "core/standstill.h"
#include "mongoelector/locker.h"
#include "session/participant.h"
#include "session/runtime.h"

namespace mongoelector::internal {

class LockParticipant : public Participant {
 public:
  LockParticipant(std::shared_ptr<Runtime> runtime, Key key, LockerOptions options);

  // Behind MongoLocker's members of the same names; promises stand there.
  Token acquire(const AcquireOptions& options);
  bool release();
  bool force_release();
  std::optional<WallTime> touch();
  bool owned() const noexcept;
  Duration remaining() const noexcept;
  Token token() const noexcept { return Token(token_.load(std::memory_order_acquire)); }
  std::stop_token stop_token() const;
  std::optional<Record> get_current() const;
  LockStatus status() const;
  Duration ttl() const noexcept { return timing_.ttl; }
  const Key& key() const noexcept { return key_; }
  // release() for those who cannot be told of its failure; the background goes on with it.
  void release_quietly() noexcept;
  // For destructors: that, and no on_lost starts any more after it.
  void close() noexcept;
  bool same_process() const noexcept { return runtime_->same_process(); }

  void tick() override;
  std::optional<DueRenewal> renewal() override;
  void renewal_answered(const LeaseId& id, Outcome outcome, const std::string& detail,
                        Instant sent_at) override;
  void woken(bool freed) override;

 private:
  class Attempt;

  // What one step of the machine did, and the lease it was about. Whoever acts on it later must use
  // this lease, not the present one: another thread may have acquired anew in between.
  struct Step {
    LeaseActions actions;
    Lease lease;
    bool was_held;
  };
  Step apply(const LeaseInput& input);
  void publish();
  // One claim at the store: granted if it is ours now. Back by `until`.
  ClaimReply claim_once(bool force, const std::optional<RecordMark>& stood_still, Instant until);
  void claim_answered(const LeaseId& id, Instant sent_at, ClaimReply& reply);
  // Asks the store to remove `lease`, and is back by `until`; what it answers, now or later, goes
  // into the machine.
  Outcome send_release(const Lease& lease, Instant until);
  void release_later(const Lease& lease);
  void release_answered(const Lease& lease, const ReleaseReply& reply);
  Crew crew() const { return options_.on_lost ? Crew::callbacks : Crew::lock; }
  Instant within_budget() const { return runtime_->clock().now() + timing_.call_budget; }
  std::shared_ptr<LockParticipant> self() {
    return std::static_pointer_cast<LockParticipant>(shared_from_this());
  }
  void run_on_lost(Token token);
  Lease lease_of(const LeaseData& lease) const;
  Lease lease_now() const;
  LeaseState state() const;
  void emit(EventKind kind, std::string message) const;

  const std::shared_ptr<Runtime> runtime_;
  const Key key_;
  const LockerOptions options_;
  const Timing timing_;
  const Holder holder_;

  mutable std::mutex mutex_;
  LeaseData lease_;
  bool acquiring_ = false;
  // Of the attempt under way. It outlives each, or a record that must stand still for its ttl would
  // never have done so for callers with less patience.
  Standstill standstill_;
  bool closed_ = false;  // no on_lost starts any more
  bool in_callback_ = false;
  std::condition_variable changed_;
  std::stop_source ended_{std::nostopstate};
  WallTime acquired_at_{};

  // Derived from lease_ under mutex_, read without it. 0: not valid.
  std::atomic<Duration::rep> valid_until_{0};
  std::atomic<std::uint64_t> token_{0};
};

}  // namespace mongoelector::internal
