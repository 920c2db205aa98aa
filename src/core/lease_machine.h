// The life of one lease as its holder sees it: a pure function (state, input, now) -> (state,
// actions).
//
// No clock, thread, I/O or random draw: the session and the simulator drive this same code. A reply
// names the lease it belongs to and when its request was sent; replies about any other lease are
// ignored, whatever they say, so nothing late can revive an ended one.
//
// States
//   idle        nothing of ours is at the store, as far as a definite answer or the passing of ttl
//               can tell
//   claiming    a claim is on its way
//   abandoning  a claim is on its way, but nobody wants the lease any more
//   unsure      a claim's answer was ambiguous: claim again (same lease) or release. Not for ever:
//               a store that hears us while we do not hear it prolongs the lease each time
//   held        ours, and valid until `deadline`
//   ending      given up by us, still renewed while the work it protected comes to its end; never
//               valid again
//   ended       lost, no longer renewed; may still stand at the store until it expires there
//   undoing     must go from the store: removed, retried until a definite answer or until ttl has
//               passed
//
// clang-format off
//             claim               granted         refused  unsent            unclear   tick
// idle        claiming!           .               .        .                 .         .
// claiming    .                   held W|undoing! idle R   idle R / unsure   unsure    .
// abandoning  .                   undoing!        idle     idle / undoing!   undoing!  .
// unsure      claiming!|undoing!  .               .        .                 .         (ttl) idle
// held        .                   .               .        .                 .         (D) ended L
// ending      .                   .               .        .                 .         (D) ended
// ended       .                   .               .        .                 .         (ttl) idle
// undoing     .                   .               .        .                 .         (ttl) idle, (retry) undoing!
//
//             renewed       gone    unrenewed     end         release     released  unreleased
// idle        .             .       .             .           .           .         .
// claiming    .             .       .             abandoning  abandoning  .         .
// abandoning  .             .       .             .           .           .         .
// unsure      .             .       .             undoing!    undoing!    .         .
// held        held|ended L  idle L  held|ended L  ending      undoing!    .         .
// ending      ending|ended  idle    ending|ended  .           undoing!    .         .
// ended       .             idle    .             .           undoing!    .         .
// undoing     .             .       .             .           .           idle      undoing, (ttl) idle
//
//   !    an action sends the request         W  action `won`       R  action `refused`
//   L    action `lost`, only ever from `held`, so once per lease    .  no change
//   x|y  y when now is at or past the deadline (granted: past the one of its own send time)
//   x/y  y when an earlier claim of this lease was ambiguous: "not executed" says nothing about that
//   (D)  once now >= deadline   (ttl) once the store has forgotten   (retry) when it is time again
// clang-format on
#pragma once

#include <cstdint>

#include "core/timing.h"
#include "mongoelector/clock.h"
#include "mongoelector/lease.h"

namespace mongoelector::internal {

enum class LeaseState : std::uint8_t {
  idle,
  claiming,
  abandoning,
  unsure,
  held,
  ending,
  ended,
  undoing
};
inline constexpr int kLeaseStates = 8;

enum class LeaseEvent : std::uint8_t {
  claim,       // start an attempt; carries the lease_id for a new one
  granted,     // reply: it is ours; carries the token
  refused,     // reply: somebody else holds it
  unsent,      // reply: this request was certainly not executed
  unclear,     // reply: it may be ours
  renewed,     // reply
  gone,        // reply: somebody removed or replaced it, or it expired at the store
  unrenewed,   // reply: no definite answer
  tick,        // time has passed
  end,         // stop relying on it, keep it alive
  release,     // give it back
  released,    // reply: it is not at the store any more
  unreleased,  // reply: no definite answer
};
inline constexpr int kLeaseEvents = 13;

enum class LossReason : std::uint8_t { none, deadline, taken };

struct LeaseInput {
  LeaseEvent event = LeaseEvent::tick;
  LeaseId lease_id = {};  // claim from idle: the new one; replies: the one they are about
  Instant sent_at = {};   // replies: read before the request was sent
  Token token = {};       // granted
  double jitter = 0;      // [0, 1), shortens the pause before a retry by up to half
};

// What the driver must do now, in the order of these members.
struct LeaseActions {
  bool lost = false;  // revoke it first, then tell
  bool won = false;
  bool refused = false;  // the attempt is over without a lease
  bool send_claim = false;
  bool send_release = false;
  bool operator==(const LeaseActions&) const = default;
};

struct LeaseData {
  LeaseState state = LeaseState::idle;
  LeaseId id = {};
  Token token = {};
  bool maybe_ours = false;  // an earlier claim's answer was ambiguous
  Instant deadline = {};    // held, ending: when it stops being valid by itself; claiming, unsure:
                            // when an ambiguous claim is no longer repeated
  Instant renew_at = {};    // held, ending: when the next renewal is due
  Instant forgotten = {};   // unsure, ended, undoing: when the store has certainly let it expire
  Instant retry_at = {};    // undoing: when to ask again
  LossReason loss = LossReason::none;  // why the latest lease was lost

  // The one definition of "ours right now".
  bool valid(Instant now) const { return state == LeaseState::held && now < deadline; }
  bool renewable() const { return state == LeaseState::held || state == LeaseState::ending; }
  // When a tick is needed next; Instant::max() for never.
  Instant next_tick() const;
};

// What a store's answer means to the machine.
LeaseEvent claim_answer(Outcome outcome);
LeaseEvent renewal_answer(Outcome outcome);
LeaseEvent release_answer(Outcome outcome);

LeaseActions step(LeaseData& lease, const LeaseInput& input, Instant now, const Timing& timing);

}  // namespace mongoelector::internal
