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
  profile.clients = static_cast<int>(random.chance(0.02) ? random.pick(6, 12) : random.pick(2, 5));
  profile.hints = random.chance(0.5);
  profile.auto_renew = random.chance(0.8);
  profile.default_poll = random.chance(0.5);
  profile.reports = random.chance(0.8);
  profile.listens = random.chance(0.5);
  if (profile.kind == Kind::election && profile.hints && !profile.default_poll)
    profile.timing.poll = ttl;
}

// Long enough for everything that chaos may have left behind: a lease nobody knows of, a late
// request that makes another, a held-off candidate, a callback, a clock that is behind.
void set_phases(Profile& profile) {
  const Duration ttl = profile.timing.ttl;
  profile.chaos = 30 * ttl;
  const Duration leftovers = 4 * profile.slowest + 4 * profile.call_timeout +
                             profile.longest_pause + profile.longest_outage +
                             2 * profile.slowest_callback + 2 * profile.clock_offset +
                             2 * profile.server_step_back + 2 * profile.server_step_forward +
                             4 * profile.election_delay + profile.stale_for +
                             2 * profile.write_concern_timeout + 2 * profile.heartbeat +
                             profile.longest_bar;
  profile.calm = 2 * (leftovers + 8 * ttl);
}

// What the promise of "never two" rests on (docs/protocol.md section 1): rates differ by less than
// margin / ttl, and no server's clock is set forward by more than the margin within a lease.
void set_clocks(Profile& profile, Random& random, double rates, double steps, bool offsets) {
  const Duration ttl = profile.timing.ttl;
  const double promised = static_cast<double>(profile.timing.margin.count()) /
                          static_cast<double>(ttl.count());
  profile.clock_rates = promised * rates;
  profile.server_step_forward = times(steps, profile.timing.margin);
  if (steps > 0) profile.server_step_back = times(random.between(0.1, 1.5), ttl);
  if (offsets) profile.clock_offset = times(random.between(0.01, 2.0), ttl);
}

// The sweeper of the TTL index must not come before the holder's own deadline, by whatever clock:
// set apart, set anew, and run apart for the whole history.
void set_sweeper(Profile& profile, Random& random) {
  const Duration ttl = profile.timing.ttl;
  profile.sweep_every = times(random.between(0.1, 2.0), ttl);
  profile.sweep_grace = 2 * (profile.clock_offset + profile.server_step_back +
                             profile.server_step_forward +
                             times(profile.clock_rates, profile.chaos + profile.calm));
  const bool clocks_agree = profile.sweep_grace == Duration::zero();
  if (!clocks_agree || random.chance(0.5))
    profile.sweep_grace += times(random.between(0.1, 2.0), ttl);
}

void set_replica_set(Profile& profile, Random& random) {
  const Duration ttl = profile.timing.ttl;
  profile.replication_delay = times(random.between(0.1, 2.0), profile.delay);
  profile.election_delay = times(random.between(0.05, 1.0), ttl);
  profile.stale_for = times(random.between(0.2, random.chance(0.3) ? 5.0 : 2.0), ttl);
  profile.write_concern_timeout = times(random.between(0.1, 1.5), ttl);
  profile.heartbeat = times(random.between(0.01, 0.3), ttl);
  profile.member_stays_away = random.chance(0.2);
}

// One machine: one clock for all, no wire to cut, and calls that are short.
void put_on_one_machine(Profile& profile, Random& random) {
  const Duration ttl = profile.timing.ttl;
  profile.store = StoreKind::sqlite;
  profile.clock_rates = 0;
  profile.clock_offset = profile.server_step_back = profile.server_step_forward = {};
  profile.delay = times(random.between(0.0001, 0.005), ttl);
  profile.slowest = times(random.between(0.01, 1.0), ttl);
  profile.lose_request = profile.lose_reply = profile.duplicate = 0;
  profile.cut_every = profile.swizzle_every = {};
  profile.call_timeout = times(random.between(1.0, 4.0), ttl);
  profile.drops_collection = profile.member_stays_away = false;
  profile.one_stays_deaf = profile.one_stays_mute = false;
  profile.timeparanoid = random.chance(0.5);
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
  profile.hang_every = profile.swizzle_every = 15 * ttl;
  profile.disaster_every = 8 * ttl;
  profile.longest_pause = 2 * ttl;
  profile.longest_outage = 2 * ttl;
  profile.call_every = 4 * ttl;
  profile.make_again = 0.1;
  profile.slow_callback = 0.1;
  profile.slowest_callback = 2 * ttl;
  profile.throwing_callback = 0.05;
  profile.call_from_callback = 0.05;
  profile.barred = profile.asked_to_step_down = 0.05;
  profile.longest_bar = 2 * ttl;
  profile.latency = kMillisecond;
  profile.preempt = 0.001;
  profile.longest_preemption = 20 * kMillisecond;
  profile.clock_rates = 0.0001;
  profile.clock_offset = 100 * kMillisecond;
  profile.timeparanoid = random.chance(0.5);
  profile.one_stays_deaf = random.chance(0.1);
  set_replica_set(profile, random);
  const bool one_machine = random.chance(0.2);
  if (one_machine) put_on_one_machine(profile, random);
  set_phases(profile);
  if (!one_machine) set_sweeper(profile, random);
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

// Each fault is on or off for a whole run, and each rate is drawn anew.
class Swarm {
 public:
  Swarm(Duration ttl, Random& random)
      : ttl_(ttl), random_(random), everything_(random.chance(0.2)) {}
  bool rarely() { return random_.chance(0.1); }
  bool on() { return random_.chance(0.5) || everything_; }
  double rate(double most) { return on() ? random_.between(0.001, most) : 0.0; }
  Duration every() { return on() ? of_ttl(2.0, 20.0) : Duration::zero(); }
  Duration of_ttl(double least, double most) { return times(random_.between(least, most), ttl_); }

 private:
  const Duration ttl_;
  Random& random_;
  const bool everything_;
};

void draw_network(Profile& profile, Swarm& swarm) {
  profile.delay = swarm.of_ttl(0.0005, 0.03);
  profile.slow = swarm.rate(0.2);
  profile.slowest = swarm.of_ttl(0.2, 4.0);
  profile.call_timeout = swarm.of_ttl(0.05, 3.0);
  profile.lose_request = swarm.rate(0.2);
  profile.lose_reply = swarm.rate(0.3);
  profile.refuse_request = swarm.rate(0.2);
  profile.deny_request = swarm.rate(0.05);
  profile.doubt_reply = swarm.rate(0.2);
  profile.duplicate = swarm.rate(0.2);
  profile.lose_hint = swarm.rate(0.9);
}

void draw_faults(Profile& profile, Swarm& swarm) {
  profile.pause_every = swarm.every();
  profile.longest_pause = swarm.of_ttl(0.1, 3.0);
  profile.crash_every = swarm.every();
  profile.cut_every = swarm.every();
  profile.swizzle_every = swarm.every();
  profile.hang_every = swarm.every();
  profile.disaster_every = swarm.every();
  profile.client_step_every = swarm.every();
  profile.client_step = swarm.of_ttl(0.5, 4.0);
  profile.longest_outage = swarm.of_ttl(0.1, 3.0);
}

void draw_program(Profile& profile, Swarm& swarm) {
  if (swarm.on())
    profile.call_every = swarm.rarely() ? swarm.of_ttl(0.02, 0.3) : swarm.of_ttl(0.3, 10.0);
  profile.make_again = swarm.rate(0.2);
  profile.slow_callback = swarm.rate(0.5);
  profile.slowest_callback = swarm.of_ttl(0.1, 3.0);
  profile.throwing_callback = swarm.rate(0.2);
  profile.call_from_callback = swarm.rate(0.3);
  if (profile.kind == Kind::election) {
    profile.barred = swarm.rate(0.3);
    profile.longest_bar = swarm.of_ttl(0.1, 3.0);
    profile.asked_to_step_down = swarm.rate(0.3);
  }
  profile.latency = swarm.of_ttl(0.00001, 0.01);
  profile.preempt = swarm.rate(0.05);
  profile.longest_preemption = swarm.of_ttl(0.0001, 0.05);
  // A machine so short of time that one thread stands still while the others go on.
  if (swarm.rarely()) {
    profile.preempt = std::max(profile.preempt, 0.01);
    profile.longest_preemption = swarm.of_ttl(0.1, 2.5);
  }
}

// Drawn apart, so that whatever else a seed means stays as it was.
void draw_priorities(Profile& profile, std::uint64_t seed) {
  constexpr std::uint64_t kOtherDraws = 0x7072696f72697479;
  Random random(seed ^ kOtherDraws);
  if (profile.kind != Kind::election || !random.chance(0.3)) return;
  int lowest = 0;
  for (int i = 0; i < profile.clients; ++i) {
    const bool preferred = random.chance(0.3);
    const auto below = static_cast<int>(random.pick(1, -kLowestPriority));
    profile.priorities.push_back(preferred ? 0 : -below);
    lowest = std::min(lowest, profile.priorities.back());
  }
  // What the last of them leaves to others, once chaos has ended.
  profile.calm += 2 * -lowest * std::max(profile.timing.poll, profile.timing.ttl / 5);
}

}  // namespace

int Profile::priority_of(int client) const {
  return priorities.empty() ? 0 : priorities[static_cast<std::size_t>(client)];
}

TimingOptions Profile::timing_options() const {
  TimingOptions options{.renew_every = timing.renew_every,
                        .margin = timing.margin,
                        .call_budget = timing.call_budget,
                        .retry_pause = timing.retry_pause};
  if (!default_poll) options.poll = timing.poll;
  return options;
}

Profile draw_profile(Mode mode, std::uint64_t seed, Random& random) {
  if (mode == Mode::fixed || seed % 4 == 0) return sane(random);
  Profile profile;
  const Duration ttl = std::chrono::seconds(random.pick(1, 60));
  profile.timing = internal::resolve_timing(ttl, drawn_timing(ttl, random), kSmallestTtlShared);
  set_program(profile, random);
  Swarm swarm(ttl, random);
  profile.loss_callback_within = swarm.of_ttl(0.1, 2.0);
  draw_network(profile, swarm);
  draw_faults(profile, swarm);
  draw_program(profile, swarm);
  const bool steps = swarm.on();
  const double most = steps ? 0.24 : 0.49;
  set_clocks(profile, random, swarm.on() ? random.between(0.05, most) : 0.0,
             steps ? random.between(0.05, 0.45) : 0.0, swarm.on());
  set_replica_set(profile, random);
  profile.drops_collection = random.chance(0.05);
  profile.one_stays_deaf = random.chance(0.2);
  profile.one_stays_mute = profile.one_stays_deaf && random.chance(0.3);
  const bool one_machine = random.chance(0.2);
  if (one_machine) put_on_one_machine(profile, random);
  set_phases(profile);
  if (!one_machine && swarm.on()) set_sweeper(profile, random);
  draw_priorities(profile, seed);
  return profile;
}

}  // namespace mongoelector::simulation
