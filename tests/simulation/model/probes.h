// Situations that the simulation exists for. Each must come up in the default run: a fault that no
// longer happens is a hole that would otherwise stay silent.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mongoelector::simulation {

enum class Probe : std::uint8_t {
  reply_of_won_claim_lost,
  renewal_confirmed_after_deadline,
  renewal_applied_after_release,
  release_applied_in_later_term,
  stop_while_claiming,
  grant_unwanted,
  grant_after_its_deadline,
  callback_longer_than_ttl,
  pause_of_holder_longer_than_ttl,
  crash_of_holder,
  duplicate_claim_applied_after_release,
  claim_repeated_under_same_lease,
  release_retried,
  release_given_up,
  onmaster_threw_while_master,
  term_ceded_while_renewing,
  cede_time_over,
  won_without_reading,
  won_after_standstill,
  failover_under_holder,
  hold_off,
  new_claim_while_release_pending,
  claim_barred,
  claim_waited_for_control,
  stepped_down_when_asked,
};
inline constexpr std::size_t kProbes = 25;

inline constexpr std::array<std::string_view, kProbes> kProbeNames{
    "reply of a won claim lost",
    "renewal confirmed after the deadline",
    "renewal applied after the release",
    "release applied in a later term",
    "stop while claiming",
    "grant that nobody wants any more",
    "grant after its own deadline",
    "callback longer than ttl",
    "pause of a holder longer than ttl",
    "crash of a holder",
    "duplicate claim applied after the release",
    "claim repeated under the same lease",
    "release retried",
    "release given up after ttl",
    "onmaster threw while master",
    "renewed while onmasterloss runs",
    "onmasterloss longer than allowed",
    "won on a hint, without reading",
    "won after standing still",
    "failover under a holder",
    "looked away while holding off",
    "new claim while a release is pending",
    "claim barred by control",
    "first claim that waited for control",
    "step down asked by control",
};

using ProbeCounts = std::array<std::uint64_t, kProbes>;

}  // namespace mongoelector::simulation
