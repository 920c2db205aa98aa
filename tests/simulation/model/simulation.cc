#include "simulation/model/simulation.h"

#include <algorithm>
#include <memory>

#include "base/commit.h"
#include "simulation/fibers/ids.h"
#include "simulation/model/candidate.h"
#include "simulation/model/locker.h"
#include "simulation/model/mongo_model.h"
#include "simulation/model/situations.h"
#include "simulation/model/sqlite_model.h"

namespace mongoelector::simulation {

namespace {

constexpr std::uint64_t kMostEvents = 4'000'000;
constexpr auto kEpoch = std::chrono::seconds(1'700'000'000);

std::unique_ptr<StoreModel> make_store(Telling& telling) {
  if (telling.profile.store == StoreKind::sqlite) return std::make_unique<SqliteModel>(telling);
  return std::make_unique<MongoModel>(telling);
}

class Simulation {
 public:
  Simulation(Mode mode, std::uint64_t seed, Result& result)
      : result_(result),
        world_(seed * 2 + static_cast<std::uint64_t>(mode)),
        profile_(result.profile = draw_profile(mode, seed, world_.random)),
        telling_{world_, profile_, result.history, result.probes, result.faults},
        store_(make_store(telling_)),
        network_(telling_, *store_),
        resource_(telling_),
        around_{telling_, network_, *store_, resource_} {
    draw_ids_from(world_.random);
  }
  ~Simulation() {
    // What a killed process leaves behind is nobody's: its memory goes with this program, which is
    // why the runner starts another now and then.
    for (auto& client : clients_) bury(std::move(client));
  }

  void run() {
    for (int id = 0; id < profile_.clients; ++id) {
      clients_.emplace_back();
      start(id, world_.random.about(profile_.delay));
    }
    connect_hints();
    plan_faults();
    const bool ended = world_.run_until(profile_.chaos, kMostEvents);
    heal();
    const TrueTime end = profile_.chaos + profile_.calm;
    const bool calmed = ended && world_.run_until(end, 2 * kMostEvents);
    result_.events = world_.events();
    result_.simulated = world_.now();
    count_situations(result_.history, profile_, result_.probes);
    if (!calmed) {
      result_.breach = Breach{"no_circles", "too many events", result_.history.size() - 1};
      return;
    }
    result_.breach = check(result_.history, demands(end));
  }

 private:
  Demands demands(TrueTime end) const {
    const Duration step =
        profile_.client_step_every > Duration::zero() ? std::chrono::milliseconds(500) : Duration{};
    return {.kind = profile_.kind,
            .told_within = 8 * (profile_.latency + profile_.longest_preemption) + step,
            .hold_off = hold_off(),
            .holder_within = profile_.calm / 2,
            .end = end,
            .exclusive = !profile_.drops_collection,
            .every_end_has_a_reason = profile_.asked_to_step_down <= 0,
            .requests_per_ttl = requests_per_ttl(),
            .ttl = profile_.timing.ttl};
  }

  // Each look, renewal and retry costs a few requests; programs and wake-ups cause some more.
  int requests_per_ttl() const {
    const internal::Timing& timing = profile_.timing;
    const Duration shortest = std::min({timing.poll, timing.retry_pause, timing.renew_every});
    return 200 + static_cast<int>(8 * (timing.ttl / shortest));
  }

  // A ttl as the fastest clock measures it.
  Duration hold_off() const {
    const auto ttl = static_cast<double>(profile_.timing.ttl.count());
    return Duration(static_cast<std::int64_t>(ttl / (1 + profile_.clock_rates)) - 1000);
  }

  void start(int id, Duration delay) {
    const bool one_machine = profile_.store == StoreKind::sqlite;
    const double rate = world_.random.between(-profile_.clock_rates, profile_.clock_rates);
    const Duration offset =
        one_machine ? Duration{} : world_.random.between(Duration(0), std::chrono::hours(1));
    const DriftingClock clock(rate, offset - Duration(0));
    const DriftingClock wall(rate, kEpoch);
    std::unique_ptr<Process> client;
    if (profile_.kind == Kind::election) {
      client = std::make_unique<Candidate>(around_, id, clock, wall);
    } else {
      client = std::make_unique<Locker>(around_, id, clock, wall);
    }
    std::swap(clients_[static_cast<std::size_t>(id)], client);
    if (client) bury(std::move(client));
    world_.after(delay, [this, id] { clients_[static_cast<std::size_t>(id)]->begin(); });
  }

  void bury(std::unique_ptr<Process> client) {
    client->bury();
    static_cast<void>(client.release());  // NOLINT: left alone, as it stands on stacks of its own
  }

  void kill(Process& client) {
    if (!client.begun()) return;  // it is on its way up
    client.kill();
    start(client.id(), world_.random.between(Duration(1), profile_.timing.ttl));
  }

  void connect_hints() {
    store_->on_change = [this](bool freed) {
      if (!profile_.hints) return;
      for (int id = 0; id < profile_.clients; ++id) {
        if (!network_.hears(id)) continue;
        if (!telling_.healed && world_.random.chance(profile_.lose_hint)) {
          telling_.count(Fault::hint_lost);
          continue;
        }
        // Where another leads from now on, some subscriptions break.
        const bool ended = !freed && world_.random.chance(0.3);
        if (ended) telling_.count(Fault::watch_broken);
        const bool named = freed && world_.random.chance(0.8);
        world_.after(network_.one_way(), [this, id, named, ended] {
          clients_[static_cast<std::size_t>(id)]->hint(named, ended);
        });
      }
    };
    store_->on_power_cut = [this] {
      for (int id = 0; id < profile_.clients; ++id) kill(*clients_[static_cast<std::size_t>(id)]);
    };
  }

  int anybody() { return static_cast<int>(world_.random.pick(0, profile_.clients - 1)); }
  Process& somebody() { return *clients_[static_cast<std::size_t>(anybody())]; }

  // `fault` now and then, until faults stop.
  void now_and_then(Duration mean, const std::function<void()>& fault) {
    if (mean <= Duration::zero()) return;
    world_.after(world_.random.about(mean), [this, mean, fault] {
      if (telling_.healed) return;
      fault();
      now_and_then(mean, fault);
    });
  }

  Duration drawn(Duration longest) { return world_.random.between(Duration(1), longest); }

  void plan_faults() {
    now_and_then(profile_.pause_every,
                 [this] { somebody().freeze(drawn(profile_.longest_pause)); });
    now_and_then(profile_.crash_every, [this] { kill(somebody()); });
    now_and_then(profile_.cut_every, [this] { cut_something(); });
    now_and_then(profile_.swizzle_every, [this] {
      telling_.fault(Fault::links_swizzled);
      network_.swizzle(drawn(profile_.longest_outage));
    });
    now_and_then(profile_.hang_every, [this] {
      telling_.fault(Fault::store_hangs);
      network_.hang(world_.now() + drawn(profile_.longest_outage));
    });
    now_and_then(profile_.disaster_every, [this] {
      const Duration length = drawn(profile_.longest_outage);
      const std::optional<int> alone = store_->suffer(length);
      if (alone && world_.random.chance(0.5)) strand(*alone, world_.now() + length);
      if (profile_.client_step_every > Duration::zero()) set_clocks_soon();
    });
    now_and_then(profile_.client_step_every, [this] {
      somebody().set_clock(world_.random.between(-profile_.client_step, profile_.client_step));
    });
    for (int id = 0; id < profile_.clients; ++id) {
      now_and_then(profile_.call_every,
                   [this, id] { clients_[static_cast<std::size_t>(id)]->call_at_random(); });
    }
  }

  void cut_something() {
    const auto ways = world_.random.pick(1, 3);
    const bool there = (ways & 1) != 0;
    const bool back = (ways & 2) != 0;
    const TrueTime until = world_.now() + drawn(profile_.longest_outage);
    const int client = anybody();
    if (world_.random.chance(0.5)) {
      telling_.fault(Fault::client_cut, client);
      return network_.cut(client, there, back, until);
    }
    telling_.fault(Fault::link_cut, client);
    const auto member = static_cast<int>(world_.random.pick(0, store_->members() - 1));
    network_.cut_link(client, member, there, back, until);
  }

  // What goes wrong together: machines whose clocks are put right while the store recovers. One
  // that holds would just stop.
  void set_clocks_soon() {
    const Duration by = world_.random.between(profile_.client_step / 2, profile_.client_step);
    for (const auto& client : clients_) {
      if (client->holding() || world_.random.chance(0.5)) continue;
      world_.after(drawn(profile_.timing.ttl / 2), [this, &client, by] {
        if (!telling_.healed) client->set_clock(by);
      });
    }
  }

  // Some clients, or whoever holds, are on that member's side, and may take it for the primary.
  void strand(int member, TrueTime until) {
    const bool holder = world_.random.chance(0.5);
    for (int client = 0; client < profile_.clients; ++client) {
      const bool holds = clients_[static_cast<std::size_t>(client)]->holding();
      if (holder ? !holds : world_.random.chance(0.5)) continue;
      telling_.fault(Fault::client_stranded, client);
      for (int other = 0; other < store_->members(); ++other)
        if (other != member) network_.cut_link(client, other, true, true, until);
    }
  }

  // Whoever waits for the answer to a claim, if anybody does: that is where deafness hurts most.
  int somebody_in_doubt() {
    const int first = anybody();
    for (int i = 0; i < profile_.clients; ++i) {
      const int id = (first + i) % profile_.clients;
      if (clients_[static_cast<std::size_t>(id)]->claims_in_flight()) return id;
    }
    return first;
  }

  void heal() {
    telling_.healed = true;
    network_.heal();
    std::optional<int> away;
    if (profile_.member_stays_away)
      away = static_cast<int>(world_.random.pick(0, store_->members() - 1));
    store_->heal(away);
    if (profile_.one_stays_deaf) {
      telling_.hit(Probe::healed_without_a_client);
      if (!profile_.one_stays_mute && world_.random.chance(0.5))
        network_.deafen_next_winner();
      else
        network_.cut(somebody_in_doubt(), profile_.one_stays_mute, true, TrueTime::max());
    }
    telling_.tell({.what = What::healed});
    for (const auto& client : clients_) {
      client->thaw();
      client->settle();
    }
  }

  Result& result_;
  World world_;
  const Profile profile_;
  Telling telling_;
  const std::unique_ptr<StoreModel> store_;
  Network network_;
  Register resource_;
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
    // All of it, or what led to where the breach shows.
    if (facts < end) end = std::min(end, result.breach->fact + 1);
    text = result.breach->promise + ": " + result.breach->detail + "\n";
  }
  const std::size_t start = end > facts ? end - facts : 0;
  for (std::size_t at = start; at < end; ++at) text += describe(history[at]) + "\n";
  return text + "again, at " + MONGOELECTOR_COMMIT + ": build/bin/simulate " +
         (mode == Mode::swarm ? "swarm " : "fixed ") + std::to_string(seed) + " --trace\n";
}

}  // namespace mongoelector::simulation
