// The store as one process's session sees it: a LeaseStore whose calls take virtual time. What a
// failure means is decided by the shipping table (src/stores/mongo/outcomes.cc); a renewal that
// counts too few is looked into the way src/stores/mongo/mongo_store.cc does it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "mongoelector/store.h"
#include "simulation/fibers/threads.h"
#include "simulation/model/network.h"

namespace mongoelector::simulation {

// What all store objects of one process share, and the process itself.
struct Connection {
  Telling& around;
  Network& network;
  StoreModel& store;
  Threads& threads;
  const int client;
  std::map<std::uint64_t, std::int64_t> leases = {};  // by token, as granted
  int claims_in_flight = 0;
  bool holding = false;
  // By number of the subscription: addresses would make an order of their own.
  std::map<int, std::function<void(bool freed, bool ended)>> watches = {};
  int latest_watch = 0;

  void hint(bool freed, bool ended) {
    for (const auto& [which, tell] : watches) tell(freed, ended);
  }
};

class SimStore : public LeaseStore {
 public:
  SimStore(Connection& connection, Key key) : connection_(connection), key_(std::move(key)) {}

  ClaimReply claim(const ClaimRequest& request) override;
  RenewReply renew(std::span<const Lease> leases) override;
  ReleaseReply release(const Lease& lease) override;
  ReleaseReply break_lease(const Record& seen) override;
  ReadReply read(const Key& key) override;
  ListReply list(mongoelector::Kind kind, const std::string& prefix) override;
  std::unique_ptr<Watch> watch() override;
  StoreInfo info() override;
  ReleaseReply report(const NodeStatus& row) override;
  ReleaseReply retire(const Key& key, const std::string& uuid) override;
  MembersReply members(const Key& key) override;
  ControlReply read_control(const Key& key) override;
  bool shared() const override;
  void limit_calls(Duration) override {}

 private:
  // `goes_on`: another request of a call that has sent one before.
  Served call(What what, Request request, bool goes_on = false);
  Outcome renew_one(const Lease& lease);
  ReleaseReply touch_records();
  Telling& around() { return connection_.around; }

  Connection& connection_;
  const Key key_;
  std::string uuid_;  // of the holder that claims here
};

}  // namespace mongoelector::simulation
