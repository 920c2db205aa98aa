// Judges a history by what was promised, knowing nothing of machines, sessions or stores.
//
//   one_holder          at most one client's term covers any instant of true time
//   tokens_grow         in the order in which terms start, and no two terms share one
//   no_resumption       a term that is over stays over; its deadline only moves forward
//   end_told_once       a term's end is told exactly once: after its start, before the same
//                       client's next one
//   end_told_in_time    ... and soon after the deadline, unless the process stood still
//   callbacks_alternate onmaster, onmasterloss, onmaster, ... one pair a term
//   stop_then_release   the store is asked to remove a lease only when its term is over and, in an
//                       election, onmasterloss has returned
//   silence_after_release  nothing but the release itself is sent for a lease after that
//   only_claims_create  what stands at the store was claimed, by its own lease
//   only_own_release    what goes from the store was released, by its own lease, or had expired
//   register_takes_holders  what a holder writes while its term is valid, no resource that checks
//                       tokens refuses
//   few_requests        no client sends more than so many requests in any ttl
//   no_needless_end     a term ends by its deadline, or because its program or the store said so
//   throwing_is_leaving  an onmaster that threw ends its term
//   only_when_asked     a candidate that was stopped begins no term until it is started or polled,
//                       and one that gave a term up by release() begins none for a ttl
//   holder_in_calm      when faults stop, somebody holds the key within a bound, and keeps it
//
// A process that has crashed owes nothing, and an object that was destroyed no callbacks. A frozen
// process cannot read its clock, so its term counts until its deadline and no further.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>

#include "simulation/model/history.h"
#include "simulation/model/profile.h"

namespace mongoelector::simulation {

struct Demands {
  Kind kind = Kind::election;
  Duration told_within{};    // end_told_in_time
  Duration hold_off{};       // only_when_asked
  Duration holder_within{};  // holder_in_calm: after `healed`
  TrueTime end{};            // of the history
  // Somebody may drop the collection under a holder; what is left then are tokens.
  bool exclusive = true;
  bool every_end_has_a_reason = false;  // no operator ends terms either: no_needless_end
  int requests_per_ttl = std::numeric_limits<int>::max();
  Duration ttl{};
};

struct Breach {
  std::string promise;
  std::string detail;
  std::size_t fact = 0;  // where in the history it shows
};

// The first breach that it finds; nothing for a good history.
std::optional<Breach> check(const History& history, const Demands& demands);

}  // namespace mongoelector::simulation
