#include "simulation/model/profile.h"

#include <algorithm>

namespace mongoelector::simulation {

namespace {

constexpr Duration kMillisecond = std::chrono::milliseconds(1);

Duration times(double factor, Duration duration) {
  return std::chrono::duration_cast<Duration>(duration * factor);
}

void set_program(Profile& profile, Random& random) {
  const Duration ttl = profile.timing.ttl;
  profile.kind = random.chance(0.6) ? Kind::election : Kind::lock;
  profile.clients = static_cast<int>(random.pick(2, 5));
  profile.hints = random.chance(0.5);
  profile.auto_renew = random.chance(0.8);
  if (profile.kind == Kind::election && profile.hints) profile.timing.poll = ttl;
}

// Long enough for everything that chaos may have left behind: a lease nobody knows of, a late
// request that makes another, a held-off candidate, a callback, a clock that is behind.
void set_phases(Profile& profile) {
  const Duration ttl = profile.timing.ttl;
  profile.chaos = 30 * ttl;
  const Duration leftovers = 4 * profile.slowest + 2 * profile.call_timeout +
                             profile.longest_pause + profile.longest_outage +
                             2 * profile.slowest_callback + 2 * profile.clock_offset +
                             profile.longest_bar;
  profile.calm = 2 * (leftovers + 8 * ttl);
}

Profile sane(Random& random) {
  Profile profile;
  profile.timing = internal::resolve_timing(std::chrono::seconds(15), {}, kSmallestTtlShared);
  const Duration ttl = profile.timing.ttl;
  set_program(profile, random);
  profile.loss_callback_within = ttl;
  profile.delay = 3 * kMillisecond;
  profile.slow = 0.02;
  profile.slowest = 2 * ttl;
  profile.call_timeout = 2 * profile.timing.call_budget;
  profile.lose_request = profile.lose_reply = 0.02;
  profile.refuse_request = 0.01;
  profile.doubt_reply = 0.01;
  profile.duplicate = 0.01;
  profile.lose_hint = 0.1;
  profile.pause_every = profile.crash_every = profile.cut_every = 8 * ttl;
  profile.hang_every = profile.failover_every = 15 * ttl;
  profile.longest_pause = 2 * ttl;
  profile.longest_outage = 2 * ttl;
  profile.call_every = 4 * ttl;
  profile.slow_callback = 0.1;
  profile.slowest_callback = 2 * ttl;
  profile.throwing_callback = 0.05;
  profile.call_from_callback = 0.05;
  profile.barred = profile.asked_to_step_down = 0.05;
  profile.longest_bar = 2 * ttl;
  profile.latency = kMillisecond;
  profile.clock_rates = 0.0001;
  profile.clock_offset = 100 * kMillisecond;
  profile.one_stays_deaf = random.chance(0.1);
  set_phases(profile);
  return profile;
}

// Any that pass validation: three tries fit whatever comes out.
TimingOptions drawn_timing(Duration ttl, Random& random) {
  TimingOptions timing;
  if (random.chance(0.5)) timing.margin = times(random.between(0.05, 0.29), ttl);
  if (random.chance(0.5)) timing.renew_every = times(random.between(0.05, 0.25), ttl);
  if (random.chance(0.5)) timing.call_budget = times(random.between(0.01, 0.08), ttl);
  if (random.chance(0.5)) timing.retry_pause = times(random.between(0.01, 0.05), ttl);
  if (random.chance(0.5)) timing.poll = times(random.between(0.05, 1.0), ttl);
  return timing;
}

}  // namespace

Profile draw_profile(Mode mode, std::uint64_t seed, Random& random) {
  if (mode == Mode::fixed || seed % 4 == 0) return sane(random);
  Profile profile;
  const Duration ttl = std::chrono::seconds(random.pick(1, 60));
  profile.timing = internal::resolve_timing(ttl, drawn_timing(ttl, random), kSmallestTtlShared);
  set_program(profile, random);
  const bool everything = random.chance(0.2);
  const auto on = [&] { return random.chance(0.5) || everything; };
  const auto rate = [&](double most) { return on() ? random.between(0.001, most) : 0.0; };
  const auto every = [&] {
    return on() ? times(random.between(2.0, 20.0), ttl) : Duration::zero();
  };
  profile.loss_callback_within = times(random.between(0.1, 2.0), ttl);
  profile.delay = times(random.between(0.0005, 0.03), ttl);
  profile.slow = rate(0.2);
  profile.slowest = times(random.between(0.2, 4.0), ttl);
  profile.call_timeout = times(random.between(0.05, 3.0), ttl);
  profile.lose_request = rate(0.2);
  profile.lose_reply = rate(0.3);
  profile.refuse_request = rate(0.2);
  profile.deny_request = rate(0.05);
  profile.doubt_reply = rate(0.2);
  profile.duplicate = rate(0.2);
  profile.lose_hint = rate(0.9);
  profile.pause_every = every();
  profile.longest_pause = times(random.between(0.1, 3.0), ttl);
  profile.crash_every = every();
  profile.cut_every = every();
  profile.hang_every = every();
  profile.failover_every = every();
  profile.longest_outage = times(random.between(0.1, 3.0), ttl);
  if (on()) profile.call_every = times(random.between(0.3, 10.0), ttl);
  profile.slow_callback = rate(0.5);
  profile.slowest_callback = times(random.between(0.1, 3.0), ttl);
  profile.throwing_callback = rate(0.2);
  profile.call_from_callback = rate(0.3);
  if (profile.kind == Kind::election) {
    profile.barred = rate(0.3);
    profile.longest_bar = times(random.between(0.1, 3.0), ttl);
    profile.asked_to_step_down = rate(0.3);
  }
  profile.latency = times(random.between(0.00001, 0.01), ttl);
  // The promise holds while the rates of two clocks differ by less than margin / ttl.
  const double promised = static_cast<double>(profile.timing.margin.count()) / ttl.count();
  if (on()) profile.clock_rates = promised * random.between(0.05, 0.49);
  profile.one_stays_deaf = random.chance(0.2);
  profile.one_stays_mute = profile.one_stays_deaf && random.chance(0.3);
  if (on()) profile.clock_offset = times(random.between(0.01, 2.0), ttl);
  set_phases(profile);
  return profile;
}

}  // namespace mongoelector::simulation
