// A file on the machine that all clients run on: one writer at a time, one clock, and a lock of the
// kernel that shows at once when a holder has died. A power cut takes everybody with it, and the
// latest commits too; leases of the boot before count for nothing, and tokens jump.
#pragma once

#include "simulation/model/store_model.h"

namespace mongoelector::simulation {

class SqliteModel : public StoreModel {
 public:
  using StoreModel::StoreModel;

  int members() const override { return 1; }
  bool up(int) const override { return true; }
  int claim_to_lead(int) const override { return 1; }
  void execute(const Request& request, int member, Respond respond) override;
  std::int64_t lease() const override;
  void client_died(int client) override;
  std::optional<int> suffer(Duration length) override;
  void heal(std::optional<int>) override { busy_until_ = {}; }

 private:
  struct State {
    std::optional<Record> record = {};
    TrueTime expires{};
    int client = 0;
    bool alive = true;  // the holder's lock on its session file
    std::uint64_t token = 1ULL << 40;
    TrueTime written{};
  };
  Served done(const Request& request);
  bool live() const {
    return state_.record && state_.alive && around_.world.now() < state_.expires;
  }
  Record shown() const;
  void write(What what, const LeaseId& lease, const LeaseId& cause, Verb verb);
  void power_cut();

  State state_;
  std::vector<State> before_;  // what a power cut may fall back to
  std::uint64_t versions_ = 0;
  int boot_ = 0;
  TrueTime busy_until_{};
};

}  // namespace mongoelector::simulation
