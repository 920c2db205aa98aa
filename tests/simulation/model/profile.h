// What one run is like: its timings, and which faults happen how often. Drawn from the seed, each
// fault on or off by itself ("swarm"), because rare combinations need common faults to be absent.
#pragma once

#include <cstdint>
#include <vector>

#include "core/timing.h"
#include "simulation/model/world.h"

namespace mongoelector::simulation {

enum class Kind : std::uint8_t { election, lock };
enum class StoreKind : std::uint8_t { mongo, sqlite };

struct Profile {
  Kind kind = Kind::election;
  StoreKind store = StoreKind::mongo;
  int clients = 3;
  internal::Timing timing;
  bool hints = true;
  bool auto_renew = true;   // locks
  bool default_poll = true;  // poll is left to the session
  bool reports = true;      // status rows
  bool listens = true;      // to events
  bool timeparanoid = false;
  Duration loss_callback_within{};

  // Network: one direction of one request takes `delay` on average; a share `slow` of them takes up
  // to `slowest`.
  Duration delay{};
  double slow = 0;
  Duration slowest{};
  Duration call_timeout{};  // a client hears "unknown" after that
  double lose_request = 0;
  double lose_reply = 0;
  double refuse_request = 0;  // "unreachable": certainly not executed
  double deny_request = 0;
  double doubt_reply = 0;  // executed, and answered "unknown" at once
  double duplicate = 0;    // executed a second time, up to `slowest` later
  double lose_hint = 0;

  // Mean time between two of them, for the whole run; zero: never.
  Duration pause_every{};
  Duration longest_pause{};
  Duration crash_every{};
  Duration cut_every{};  // one client loses the way to the store, the way back, or both
  Duration swizzle_every{};
  Duration hang_every{};     // the store executes nothing for a while
  Duration disaster_every{};  // one of the store's own: StoreModel::suffer()
  Duration client_step_every{};  // a client's wall clock is set
  Duration client_step{};
  Duration longest_outage{};

  // The replica set.
  Duration replication_delay{};
  Duration election_delay{};
  Duration stale_for{};  // how long a primary that is cut off still believes in itself
  Duration write_concern_timeout{};
  Duration heartbeat{};  // how long a client may take another for the primary
  Duration sweep_every{};  // of the TTL index; zero: never
  Duration sweep_grace{};
  Duration server_step_forward{};
  Duration server_step_back{};
  bool drops_collection = false;  // then two may hold at once: no store can help that

  // Programs.
  Duration call_every{};  // mean time between two API calls of one client
  double slow_callback = 0;
  Duration slowest_callback{};
  double throwing_callback = 0;
  double call_from_callback = 0;

  // Operators: how often a look at control finds that they want something.
  double barred = 0;
  Duration longest_bar{};
  double asked_to_step_down = 0;

  std::vector<int> priorities;  // of candidates, by client; empty: all the same

  double make_again = 0;  // a call is: destroy the object, and make another

  Duration latency{};  // the longest time between "due" and a thread running
  double preempt = 0;  // how often a lock has to be waited for, and how long at most
  Duration longest_preemption{};

  double clock_rates = 0;  // each clock's rate is within +- this
  Duration clock_offset{};  // of the members' clocks

  // Stays when all other faults have ended, and must not matter to the rest: one client whose
  // requests arrive and whose replies do not, or that is cut off.
  bool one_stays_deaf = false;
  bool one_stays_mute = false;
  bool member_stays_away = false;

  Duration chaos{};  // length of the first phase
  Duration calm{};   // of the second: no new faults, and a holder is demanded within half of it

  TimingOptions timing_options() const;
  int priority_of(int client) const;
};

enum class Mode : std::uint8_t { swarm, fixed };

// `fixed` has sane values and every fault at a moderate rate. Every fourth swarm seed is one too.
Profile draw_profile(Mode mode, std::uint64_t seed, Random& random);

}  // namespace mongoelector::simulation
