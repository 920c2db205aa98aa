// What happened in a run, as plain facts in the order of true time: all that the checker sees, and
// what a failure prints.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulation/model/world.h"

namespace mongoelector::simulation {

enum class What : std::uint8_t {
  // Clients. `lease` and `token` name the term where there is one.
  holds,         // ismaster() or owned() is true from now until `until`, if nothing else comes
  ends,          // it is false now
  revoked,       // the term's stop_token was requested; detail 1: its program was giving it back
  began_told,    // onmaster starts
  threw,         // out of onmaster: it cannot lead
  loss_told,     // onmasterloss or on_lost starts
  loss_done,     // it has returned
  sends_claim,   // a request was decided on; what the network does with it is another matter
  sends_renew,   // detail 1: once more, as part of the same call of the store
  sends_release,
  sends_read,
  hears,         // a reply, or the client's own "no answer"; detail: Outcome
  called,        // the program calls the API; detail: ApiCall, cause: number of the call
  returned,      // the same call has returned
  frozen,        // the process stands still
  thawed,
  crashed,
  started,       // the process, with nothing remembered
  clock_set,     // of the client: its terms may end earlier than they said
  writes,        // to the fenced register, with its token
  // The store. `cause` is the lease named by the request that did it, `detail` the verb.
  created,       // `lease` holds the key now
  extended,
  removed,
  replaced,      // `lease` was there and expired by the clock that judges it; followed by `created`
  swept,         // by the TTL index
  dropped,       // with the whole collection
  accepted,      // the register took it
  refused,       // a larger token was there before
  failover,
  fault,         // detail: Fault
  healed,        // no new faults from now on; client -1
};

enum class Verb : std::uint8_t { claim, renew, release, read };
enum class ApiCall : std::uint8_t { start, stop, release, poll, acquire, touch, make, destroy };

struct Fact {
  TrueTime when{};
  What what{};
  int client = -1;
  std::int64_t lease = 0;  // 0: none
  std::uint64_t token = 0;
  std::int64_t cause = 0;
  int detail = 0;
  TrueTime until{};
  std::int64_t replaced = 0;  // created, until it is told: the lease that was there before

  bool operator==(const Fact&) const = default;
};

using History = std::vector<Fact>;

// The same for the same facts, on every machine.
std::uint64_t hash_of(const History& history);

std::string describe(const Fact& fact);

}  // namespace mongoelector::simulation
