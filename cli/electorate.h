// One election as operators judge it: who leads, who could take over, what was asked for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/election.h"

namespace mongoelector::cli {

class Electorate {
 public:
  // Reads all of it. Throws StoreError.
  Electorate(LeaseStore& store, const Key& key);

  const Key& key() const { return election_.key; }
  const std::optional<Record>& leader() const { return election_.record; }  // only one in force
  const std::vector<NodeStatus>& members() const { return election_.members; }
  const ControlRow& control() const { return election_.control; }
  WallTime now() const { return election_.now; }  // by the store's clock

  bool leads(const NodeStatus& member) const { return election_.leads(member); }
  // Why it cannot be elected; empty: it can.
  std::string unfit(const NodeStatus& member) const;
  // How long the first who could take over leaves a free key to others.
  Duration takeover_delay() const { return election_.takeover_delay(); }
  // Somebody could take over from the leader.
  bool has_standby() const;
  bool paused() const { return election_.paused() != nullptr; }
  // What is asked for reaches them at once, as far as the store can.
  bool wakes_members() const { return wakes_members_; }
  // Those whom `word` means: label, host, uuid, or the beginning of the uuid as it is shown.
  std::vector<NodeStatus> find(const std::string& word) const;

 private:
  Electorate(LeaseStore& store, const Key& key, const StoreInfo& info);

  Election election_;
  bool wakes_members_ = false;
};

// "web-1 (pid 977, id 9f3c)"
std::string describe_member(const NodeStatus& member);

// As `word` goes into a control row, so that it means the same member there.
std::string control_word(const std::string& word, const std::vector<NodeStatus>& found);

// What is in force of a control row at `now`: "paused", "stepdown" and "cordoned".
void add_control(Json& object, const ControlRow& row, WallTime now);

// Who asked, safe to show.
std::string asker(const std::string& by);

}  // namespace mongoelector::cli
