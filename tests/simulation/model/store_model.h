// What keeps the lease, in virtual time, as the side of the store that a client talks to: requests
// come in, answers go out some time later or never. Two shapes: a replica set (mongo_model.h) and a
// file on one machine (sqlite_model.h). One key.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "mongoelector/store.h"
#include "simulation/model/history.h"
#include "simulation/model/probes.h"
#include "simulation/model/profile.h"
#include "simulation/model/world.h"
#include "stores/mongo/outcomes.h"

namespace mongoelector::simulation {

using internal::mongo::Failure;
using internal::mongo::Source;

struct Request {
  Verb verb = Verb::read;
  int client = 0;
  ClaimRequest claim = {.key = Key::election("-")};  // of a claim
  LeaseId lease = {};                                // of all others
  Duration ttl{};                                    // of a renewal
};

// What the server says: what it did or found, or why not.
struct Served {
  std::optional<Failure> failure = {};
  bool matched = false;                // claim, renew, release: it was done
  Token token = {};                    // claim
  std::optional<Record> record = {};   // read; claim that was not done
  WallTime time{};
};

using Respond = std::function<void(const Served&)>;

// What both shapes tell the rest of the simulation.
struct Telling {
  World& world;
  const Profile& profile;
  History& history;
  ProbeCounts& probes;
  FaultCounts& faults;
  bool healed = false;  // no new faults from now on

  void hit(Probe probe) { ++probes[static_cast<std::size_t>(probe)]; }
  void tell(Fact fact) {
    fact.when = world.now();
    history.push_back(fact);
  }
  // Told if it is a fault of the surroundings; those of single messages are only counted.
  void count(Fault fault) { ++faults[static_cast<std::size_t>(fault)]; }
  void fault(Fault fault, int client = -1) {
    count(fault);
    tell({.what = What::fault, .client = client, .detail = static_cast<int>(fault)});
  }
};

class StoreModel {
 public:
  explicit StoreModel(Telling& telling) : around_(telling) {}
  virtual ~StoreModel() = default;
  StoreModel(const StoreModel&) = delete;
  StoreModel& operator=(const StoreModel&) = delete;

  virtual int members() const = 0;
  virtual bool up(int member) const = 0;
  // How much a member's claim to be primary counts; 0: it makes none.
  virtual int claim_to_lead(int member) const = 0;
  // Runs the request at a member that is up; `respond` is called once, or never.
  virtual void execute(const Request& request, int member, Respond respond) = 0;
  // The lease that stands there as the primary sees it, 0 for none; living or not.
  virtual std::int64_t lease() const = 0;
  virtual void client_died(int client) = 0;
  // One fault of its own kind; `length` where it lasts. Returns the member that is cut off from the
  // others, if it is that: some clients may be with it.
  virtual std::optional<int> suffer(Duration length) = 0;
  // Everything is well again, but for one member that may stay `away`.
  virtual void heal(std::optional<int> away) = 0;

  // Called whenever the key was given up, and whenever something may have changed.
  std::function<void(bool freed)> on_change = [](bool) {};
  // Called when the machine loses its power (all clients are on it).
  std::function<void()> on_power_cut = [] {};

 protected:
  Telling& around_;
};

}  // namespace mongoelector::simulation
