// One candidate of one election: a pure function (state, input, now) -> (state, actions), around
// the lease machine.
//
// States
//   stopped    not a candidate
//   follower   a candidate that waits; looks again at `look_at`, or when woken
//   reading    asks the store who leads
//   claiming   tries to become master; an ambiguous answer is asked again under the same lease
//   master     leads: the lease is held, onmaster was called for this term
//   ceding     gives up by itself: no longer master, onmasterloss runs, the lease is still renewed
//   losing     lost the lease: no longer master, onmasterloss runs, nothing is renewed
//   clearing   callbacks are done; what may still stand at the store is removed
//
// clang-format off
//            start     stop      release      poll      wake      freed      tick
// stopped    reading!  .         .            reading!  .         .          .
// follower   .         stopped   .            reading!  reading!  claiming!  (look_at) reading!
// reading    .         stopped   .            .         again     again      .
// claiming   .         clearing  .            .         again     again      (retry_at, unsure) claiming!
// master     .         ceding L  ceding hold L  renew   .         renew      (deadline) losing L
// ceding     (run)     (stop)    .            .         .         .          (deadline, cede_until) losing
// losing     (run)     (stop)    .            .         .         .          .
// clearing   (run)     (stop)    .            .         .         .          (lease done) next
//
//            read_free           read_held  read_failed  threw          loss_done
// reading    claiming!|follower  follower   follower     .              .
// master     .                   .          .            ceding hold L  .
// ceding     .                   .          .            .              clearing!
// losing     .                   .          .            .              clearing!
//
//            lease: won  refused   unsent    unclear   lost      done
// claiming   master E    follower  follower  claiming  .         next
// master     .           .         .         .         losing L  .
// ceding     .           .         .         .         losing    .
// clearing   .           .         .         .         .         next
//
//   E  onmaster is called, once per term    L  onmasterloss is called, once per term
//   !  a request is sent    again  look once more when this look is over    renew  renew at once
//   hold  stay away until now + ttl; until then wake, freed and poll do not make a follower look
//   (run) (stop)  remembered: decides `next` = follower if running, else stopped
//   From stopped, poll looks once; a lease won that way is kept like any other.
//   Everything not shown: no change.
// clang-format on
#pragma once

#include <cstdint>

#include "core/lease_machine.h"

namespace mongoelector::internal {

enum class ElectionState : std::uint8_t {
  stopped,
  follower,
  reading,
  claiming,
  master,
  ceding,
  losing,
  clearing
};
inline constexpr int kElectionStates = 8;

enum class ElectionEvent : std::uint8_t {
  start,
  stop,
  release,
  poll,
  wake,            // something changed at the store, perhaps ours
  freed,           // our key was given up, as far as the store can tell
  tick,            // time has passed
  read_free,       // reply: nothing in the way
  read_held,       // reply: somebody leads; carries what is left of the lease
  read_failed,     // reply: no answer, or a record we do not understand
  lease_reply,     // reply about our lease; carries the lease event
  onmaster_threw,  // the callback reported that it cannot lead
  loss_done,       // onmasterloss returned, or threw
};
inline constexpr int kElectionEvents = 13;

struct ElectionInput {
  ElectionEvent event = ElectionEvent::tick;
  LeaseInput lease = {};      // lease_reply; its jitter is used by every event
  LeaseId new_lease_id = {};  // every event that may send a claim
  Duration remaining = {};    // read_held
};

// What the driver must do now, in the order of these members.
struct ElectionActions {
  bool revoke = false;  // the term is over: ismaster() is false already, now request its stop_token
  bool call_onmaster = false;
  bool call_onmasterloss = false;
  bool call_onloop = false;
  bool send_read = false;
  bool send_claim = false;
  bool send_release = false;
  bool report = false;  // our role changed: the status row is out of date
  bool operator==(const ElectionActions&) const = default;
};

struct ElectionConfig {
  Timing timing;
  Duration loss_callback_within{};  // how long ceding waits for onmasterloss before the lease is
                                    // left to expire
};

struct ElectionData {
  ElectionState state = ElectionState::stopped;
  bool running = false;     // started, and not stopped since
  bool look_again = false;  // woken while a look was under way
  LeaseData lease = {};
  Instant look_at = {};  // follower: next look; claiming, unsure: next try
  Instant hold_off_until = {};
  Instant cede_until = {};  // ceding

  // The one definition of "master right now".
  bool master(Instant now) const { return state == ElectionState::master && lease.valid(now); }
  // A look is under way: poll() waits for its end.
  bool looking() const {
    return state == ElectionState::reading || state == ElectionState::claiming;
  }
  // Giving up is under way: stop() and release() wait for its end.
  bool leaving() const {
    return state == ElectionState::ceding || state == ElectionState::losing ||
           state == ElectionState::clearing;
  }
  Instant next_tick() const;
};

ElectionActions step(ElectionData& election, const ElectionInput& input, Instant now,
                     const ElectionConfig& config);

}  // namespace mongoelector::internal
