// A store in virtual time: one key, the verbs of include/mongoelector/store.h with S1-S9, and three
// members of which one is primary. Each member has its own clock; an expiry is judged by the clock
// that wrote it, or by having stood still (docs/protocol.md section 3).
#pragma once

#include <array>
#include <optional>

#include "mongoelector/store.h"
#include "simulation/model/history.h"
#include "simulation/model/world.h"

namespace mongoelector::simulation {

class StoreModel {
 public:
  static constexpr int kMembers = 3;

  StoreModel(World& world, History& history, const std::array<DriftingClock, kMembers>& clocks)
      : world_(world), history_(history), clocks_(clocks) {}

  ClaimReply claim(const ClaimRequest& request);
  Outcome renew(const Lease& lease);
  ReleaseReply release(const Lease& lease);
  ReadReply read() const;

  void fail_over(int to);
  int primary() const { return primary_; }
  // The lease that stands there, 0 for none; living or not.
  std::int64_t lease() const { return entry_ ? number_of(entry_->record.lease_id) : 0; }
  // Called whenever the key was given up.
  std::function<void()> on_freed;

  static std::int64_t number_of(const LeaseId& id) {
    return id.empty() ? 0 : std::stoll(id.str());
  }

 private:
  struct Entry {
    Record record;
    Instant expires;  // on the clock of `judge`
    int judge;
  };
  Instant judged_now() const {
    return clocks_[static_cast<std::size_t>(primary_)].at(world_.now());
  }
  bool in_force() const { return entry_ && judged_now() < entry_->expires; }
  bool is(const LeaseId& id) const { return entry_ && entry_->record.lease_id == id; }
  bool free_for(const ClaimRequest& request) const;
  void extend(Duration ttl);
  Record shown() const;
  void tell(What what, std::int64_t lease, std::int64_t cause, Verb verb, std::uint64_t token = 0);

  World& world_;
  History& history_;
  std::array<DriftingClock, kMembers> clocks_;
  int primary_ = 0;
  std::optional<Entry> entry_;
  std::uint64_t last_token_ = 0;
  std::uint64_t last_version_ = 0;
};

}  // namespace mongoelector::simulation
