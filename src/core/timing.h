// All timings of one lease, resolved from its ttl and what the user set, and validated together.
#pragma once

#include <string>

#include "mongoelector/options.h"

namespace mongoelector::internal {

// Names as in docs/protocol.md section 3: T = ttl, R = renew_every, M = margin, C = call_budget.
struct Timing {
  Duration ttl{};
  Duration renew_every{};
  Duration margin{};
  Duration call_budget{};
  Duration retry_pause{};
  Duration poll{};

  // The holder's own deadline, from before the confirmed request was sent.
  Instant deadline(Instant sent_at) const { return sent_at + ttl - margin; }
  // How much earlier a renewal may go along with others. With more than half a period, leases
  // acquired at any moments are all renewed together after two; with less, groups stay apart.
  Duration renewal_slack() const { return renew_every * 3 / 4; }
  // From now on a lease that could have been granted until now is gone from the store: T, and a
  // percent for clock rates.
  Instant forgotten(Instant from) const { return from + ttl + ttl / 100; }
  // How long a store may be away, in the worst phase, without the lease being lost.
  Duration outage_survived() const {
    return ttl - margin - renew_every - (call_budget + retry_pause);
  }
};

// What a MongoDB replica set needs to elect a primary, with the defaults of its servers: an outage
// that a lease is to survive.
inline constexpr Duration kPrimaryElection = std::chrono::seconds(12);

// Throws ArgumentError naming both options and their values when they do not go together.
Timing resolve_timing(Duration ttl, const TimingOptions& options, Duration smallest_ttl);

}  // namespace mongoelector::internal
