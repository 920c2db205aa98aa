#include "simulation/model/simulation.h"

#include <algorithm>
#include <memory>
#include <set>

#include "simulation/model/candidate.h"
#include "simulation/model/locker.h"

namespace mongoelector::simulation {

namespace {

constexpr std::uint64_t kMostEvents = 2'000'000;

std::array<DriftingClock, StoreModel::kMembers> member_clocks(const Profile& profile,
                                                              Random& random) {
  std::array<DriftingClock, StoreModel::kMembers> clocks;
  for (DriftingClock& clock : clocks) {
    clock = {random.between(-profile.clock_rates, profile.clock_rates),
             random.between(-profile.clock_offset, profile.clock_offset)};
  }
  return clocks;
}

class Simulation {
 public:
  Simulation(Mode mode, std::uint64_t seed, Result& result)
      : result_(result),
        world_(seed * 2 + static_cast<std::uint64_t>(mode)),
        profile_(result.profile = draw_profile(mode, seed, world_.random)),
        store_(world_, result.history, member_clocks(profile_, world_.random)),
        network_(world_, profile_, store_),
        around_{world_, profile_, network_, store_, result.history, result.probes} {}

  void run() {
    add_clients();
    plan_faults();
    const bool ended = world_.run_until(profile_.chaos, kMostEvents);
    heal();
    const TrueTime end = profile_.chaos + profile_.calm;
    const bool calmed = ended && world_.run_until(end, 2 * kMostEvents);
    count_from_history();
    if (!calmed) {
      result_.breach = Breach{"no_circles", "too many events", result_.history.size() - 1};
      return;
    }
    result_.breach = check(result_.history, {.kind = profile_.kind,
                                             .told_within = 4 * profile_.latency,
                                             .hold_off = hold_off(),
                                             .holder_within = profile_.calm / 2,
                                             .end = end});
  }

 private:
  // A ttl as the fastest clock measures it.
  Duration hold_off() const {
    const auto ttl = static_cast<double>(profile_.timing.ttl.count());
    return Duration(static_cast<std::int64_t>(ttl / (1 + profile_.clock_rates)) - 1000);
  }

  void add_clients() {
    for (int id = 0; id < profile_.clients; ++id) {
      const double rate = world_.random.between(-profile_.clock_rates, profile_.clock_rates);
      const DriftingClock clock(rate, world_.random.between(Duration(0), std::chrono::hours(1)));
      if (profile_.kind == Kind::election) {
        clients_.push_back(std::make_unique<Candidate>(around_, id, clock));
      } else {
        clients_.push_back(std::make_unique<Locker>(around_, id, clock));
      }
      clients_.back()->begin(world_.random.about(profile_.delay));
    }
    store_.on_freed = [this] {
      if (!profile_.hints) return;
      for (const auto& client : clients_) {
        if (network_.healed() || !world_.random.chance(profile_.lose_hint))
          client->hint(world_.random.chance(0.8), network_.one_way());
      }
    };
  }

  Process& somebody() {
    return *clients_[static_cast<std::size_t>(world_.random.pick(0, profile_.clients - 1))];
  }

  // `fault` now and then, until faults stop.
  void now_and_then(Duration mean, const std::function<void()>& fault) {
    if (mean <= Duration::zero()) return;
    world_.after(world_.random.about(mean), [this, mean, fault] {
      if (network_.healed()) return;
      fault();
      now_and_then(mean, fault);
    });
  }

  Duration drawn(Duration longest) { return world_.random.between(Duration(1), longest); }

  void plan_faults() {
    now_and_then(profile_.pause_every,
                 [this] { somebody().freeze(drawn(profile_.longest_pause)); });
    now_and_then(profile_.crash_every, [this] { somebody().crash_and_restart(); });
    now_and_then(profile_.cut_every, [this] {
      const auto ways = world_.random.pick(1, 3);
      network_.cut(static_cast<int>(world_.random.pick(0, profile_.clients - 1)),
                   (ways & 1) != 0, (ways & 2) != 0,
                   world_.now() + drawn(profile_.longest_outage));
    });
    now_and_then(profile_.hang_every,
                 [this] { network_.hang(world_.now() + drawn(profile_.longest_outage)); });
    now_and_then(profile_.failover_every, [this] {
      for (const auto& client : clients_) {
        if (client->holding()) around_.hit(Probe::failover_under_holder);
      }
      store_.fail_over(static_cast<int>(world_.random.pick(0, StoreModel::kMembers - 1)));
    });
    if (profile_.call_every <= Duration::zero()) return;
    for (const auto& client : clients_) {
      now_and_then(profile_.call_every, [&client = *client] { client.call_at_random(); });
    }
  }

  void heal() {
    network_.heal();
    if (profile_.one_stays_deaf) {
      network_.cut(static_cast<int>(world_.random.pick(0, profile_.clients - 1)),
                   profile_.one_stays_mute, true, TrueTime::max());
    }
    result_.history.push_back({.when = world_.now(), .what = What::healed});
    for (const auto& client : clients_) {
      client->thaw();
      client->settle();
    }
  }

  void count_from_history() {
    std::set<std::int64_t> removed;
    for (const Fact& fact : result_.history) {
      if (fact.what == What::removed) removed.insert(fact.lease);
      if (fact.what == What::created && removed.contains(fact.lease))
        around_.hit(Probe::duplicate_claim_applied_after_release);
    }
  }

  Result& result_;
  World world_;
  const Profile profile_;
  StoreModel store_;
  Network network_;
  Surroundings around_;
  std::vector<std::unique_ptr<Process>> clients_;
};

}  // namespace

Result simulate(Mode mode, std::uint64_t seed) {
  Result result;
  Simulation(mode, seed, result).run();
  return result;
}

std::string report(Mode mode, std::uint64_t seed, const Result& result, std::size_t facts) {
  const History& history = result.history;
  std::size_t end = history.size();
  std::string text;
  if (result.breach) {
    end = std::min(end, result.breach->fact + 1);
    text = result.breach->promise + ": " + result.breach->detail + "\n";
  }
  const std::size_t start = end > facts ? end - facts : 0;
  for (std::size_t at = start; at < end; ++at) text += describe(history[at]) + "\n";
  return text + "again: build/bin/simulate " + (mode == Mode::swarm ? "swarm " : "fixed ") +
         std::to_string(seed) + " --trace\n";
}

}  // namespace mongoelector::simulation
