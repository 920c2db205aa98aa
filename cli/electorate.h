// One election as operators judge it: who leads, who could take over, what was asked for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/records.h"

namespace mongoelector::cli {

class Electorate {
 public:
  // Reads all of it. Throws StoreError.
  Electorate(LeaseStore& store, Key key);

  const Key& key() const { return key_; }
  const std::optional<Record>& leader() const { return leader_; }  // only one in force
  const std::vector<NodeStatus>& members() const { return members_; }
  const ControlRow& control() const { return control_; }
  WallTime now() const { return now_; }  // by the store's clock

  bool leads(const NodeStatus& member) const;
  // Why it cannot be elected; empty: it can.
  std::string unfit(const NodeStatus& member) const;
  // Somebody could take over from the leader.
  bool has_standby() const;
  bool paused() const;
  // What is asked for reaches them at once, as far as the store can.
  bool wakes_members() const { return wakes_members_; }
  // Those whom `word` means: label, host, uuid, or the beginning of the uuid as it is shown.
  std::vector<NodeStatus> find(const std::string& word) const;

 private:
  Key key_;
  std::optional<Record> leader_;
  std::vector<NodeStatus> members_;
  ControlRow control_;
  WallTime now_{};
  bool wakes_members_ = false;
};

Holder holder_of(const NodeStatus& member);
// "web-1 (pid 977, id 9f3c)"
std::string describe_member(const NodeStatus& member);

// As `word` goes into a control row, so that it means the same member there.
std::string control_word(const std::string& word, const std::vector<NodeStatus>& found);

// What is in force of a control row at `now`: "paused", "stepdown" and "cordoned".
void add_control(Json& object, const ControlRow& row, WallTime now);

// Who asked, safe to show.
std::string asker(const std::string& by);

// "for 12m3s", "until somebody resumes it"
std::string pause_length(const Pause& pause, WallTime now);

}  // namespace mongoelector::cli
