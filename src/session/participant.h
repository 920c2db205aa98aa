// What the session's threads drive: one lock or one candidacy, with its state machine inside.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "mongoelector/clock.h"
#include "mongoelector/lease.h"

namespace mongoelector::internal {

// A lease whose renewal is due, and how long it is still good for.
struct DueRenewal {
  Lease lease;
  Instant deadline;
};

// The session calls these without holding any lock of its own. None may do I/O or run user
// callbacks, except that tick() and renewal_answered() may run stop callbacks of a lease that has
// just ended.
class Participant : public std::enable_shared_from_this<Participant> {
 public:
  virtual ~Participant() = default;
  // Watchdog: the time given to Runtime::schedule has come.
  virtual void tick() = 0;
  // Keeper: the lease to renew now, nothing if there is none any more.
  virtual std::optional<DueRenewal> renewal() = 0;
  virtual void renewal_answered(const LeaseId& id, Outcome outcome, const std::string& detail,
                                Instant sent_at) = 0;
  // Waker: something changed at the store; `freed`: this key was given up.
  virtual void woken(bool freed) = 0;
  // Waker: somebody's lease of the key was renewed and has this much left.
  virtual void seen_renewed(Duration /*left*/) {}
};

}  // namespace mongoelector::internal
