// What one run is like: its timings, and which faults happen how often. Drawn from the seed, each
// fault on or off by itself ("swarm"), because rare combinations need common faults to be absent.
#pragma once

#include <cstdint>

#include "core/timing.h"
#include "simulation/model/world.h"

namespace mongoelector::simulation {

enum class Kind : std::uint8_t { election, lock };

struct Profile {
  Kind kind = Kind::election;
  int clients = 3;
  internal::Timing timing;
  bool hints = true;
  bool auto_renew = true;  // locks
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
  Duration hang_every{};  // the store executes nothing for a while
  Duration failover_every{};
  Duration longest_outage{};

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

  Duration latency{};  // the longest time between "due" and a thread running

  double clock_rates = 0;  // each clock's rate is within +- this
  Duration clock_offset{};  // between the members' clocks

  // Stays when all other faults have ended, and must not matter to the rest: one client whose
  // requests arrive and whose replies do not, or that is cut off.
  bool one_stays_deaf = false;
  bool one_stays_mute = false;

  Duration chaos{};  // length of the first phase
  Duration calm{};   // of the second: no new faults, and a holder is demanded within half of it
};

enum class Mode : std::uint8_t { swarm, fixed };

// `fixed` has sane values and every fault at a moderate rate. Every fourth swarm seed is one too.
Profile draw_profile(Mode mode, std::uint64_t seed, Random& random);

}  // namespace mongoelector::simulation
