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
//            start           stop                  release        poll            wake        freed                                              tick
// stopped    reading! r ask  .                     .              reading! ask    .           .                                                  .
// follower   .               stopped r             .              reading!|.      reading!|.  (barred) reading!|., (yields) wait|., claiming!|.  (look_at) reading!|.
// reading    (run)           stopped r             .              .               again       again                                              (unseen) ., (unheard) ., (yields) next o, claiming!|next o
// claiming   (run)           clearing / clearing!  .              .               again       again                                              (deadline) clearing!, (look_at) . / claiming!
// master     (run)           ceding L              ceding hold L  renew           .           renew                                              (deadline) losing L r
// ceding     (run)           (stop)                .              .               .           .                                                  (deadline) losing, (cede_until) losing
// losing     (run)           (stop)                .              .               .           .                                                  .
// clearing   (run)           (stop)                .              .               .           .                                                  (ttl) next r, (retry_at) clearing!
//
//            read_free                                                         read_held  read_failed  onmaster_threw  loss_done
// reading    (unheard) ., (barred) next o, (yields) next o, claiming!|next o   next o     next o       .               .
// master     .                                                                 .          .            ceding hold L   .
// ceding     .                                                                 .          .            .               clearing!
// losing     .                                                                 .          .            .               clearing! / next r
//
//            control                                                         alive
// follower   (lifted) reading!|., (named) reading!|.                         later
// reading    (unseen) ., (barred) next o, (yields) next o, claiming!|next o  .
// master     (asked) ceding hold L                                           .
// claiming   .                                                               .
//
//  lease_reply, by what it makes of the lease:
//            held          idle         unsure    undoing    ended        as it was
// claiming   master E o r  next o       claiming  clearing!  -            .
// master     -             losing L r   -         -          losing L r   master o
// ceding     -             losing       -         -          losing       .
// losing     -             .            -         -          -            .
// clearing   -             next r       -         clearing!  -            .
//
//   !  a request is sent: reading! read, claiming! claim, clearing! release
//   E  onmaster is called, once per term    L  onmasterloss is called, once per term, after a revoke
//   o  onloop is called    r  the status row is out of date    ask  control is asked for
//   next  follower if running, else stopped    (run) (stop)  only remembered, for `next`
//   again  look once more when this look is over    renew  the lease is due for renewal now
//   hold  holding off from now until now + ttl
//   later  the next look is not before this lease runs out    wait  it is when others had their time
//   x|y  y while holding off
//   x/y  y when the lease is unsure (claiming), or nothing of it is left at the store (losing)
//   (look_at) (cede_until)  once now has reached it    (deadline) (ttl) (retry_at)  of the lease
//   (control_by)  the key was seen free and now has reached it
//   (unheard)  control was asked for, and now is before control_by    (unseen)  the key was not seen
//   free meanwhile    (barred)  now is before barred_until    (lifted)  only by the bar of before
//   (asked)  the master was asked to step down
//   (yields)  others go first, and it has been seen free for less than config.yield_for
//   (named)  it yields no more: it is the successor that was asked for
//   .  no change, as for every row that is not shown    -  cannot happen
//   A tick and a reply go to the lease too, by its own table. From stopped, poll looks once; a lease
//   won that way is kept like any other.
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
  control,         // what operators ask for, or that nothing was heard; carries the last three
  alive,           // hint: somebody's lease was just renewed; carries what is left of it
};
inline constexpr int kElectionEvents = 15;

struct ElectionInput {
  ElectionEvent event = ElectionEvent::tick;
  LeaseInput lease = {};      // lease_reply; its jitter is used by every event
  LeaseId new_lease_id = {};  // every event that may send a claim
  Duration remaining = {};    // read_held, alive
  Instant barred_until = {};  // control: no claim before
  Instant named_until = {};   // control: the successor that was asked for, which does not yield
  bool step_down = false;     // control: give up if master
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
  bool ask_control = false;
  bool report = false;  // our role changed: the status row is out of date
  bool operator==(const ElectionActions&) const = default;
};

struct ElectionConfig {
  Timing timing;
  Duration loss_callback_within{};  // how long ceding waits for onmasterloss before the lease is
                                    // left to expire
  Duration yield_for{};  // how long a key must have been seen free before we claim it: those who
                         // do not wait that long go first
};

struct ElectionData {
  ElectionState state = ElectionState::stopped;
  bool running = false;     // started, and not stopped since
  bool look_again = false;  // woken while a look was under way
  LeaseData lease = {};
  Instant look_at = {};  // follower: next look; claiming, unsure: next try
  Instant hold_off_until = {};
  Instant cede_until = {};  // ceding
  // Nothing at the store rests on these five: a claim that was sent too early is as good as any.
  Instant barred_until = {};
  Instant named_until = {};
  Instant yield_until = {};  // the key was seen free, and nobody seen to hold it since
  Instant control_by = {};  // asked for control: until then a claim waits for the answer
  bool free_seen = false;   // reading: the key is free, the claim waits for control

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
