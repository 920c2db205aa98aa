// One lock or one election in full: what the store knows about it, as text and as JSON.
#pragma once

#include <optional>
#include <string>

#include "cli/records.h"

namespace mongoelector::cli {

class LockView {
 public:
  LockView(const Connection& connection, Key key, std::optional<Record> record);
  std::string text() const;
  Json json() const;  // "mongoelector.lock/1"

 private:
  const Connection& connection_;
  const Key key_;
  const std::optional<Record> record_;
};

class ElectionView {
 public:
  // Asks the store for the members. Throws StoreError.
  ElectionView(const Connection& connection, Key key, std::optional<Record> record);
  std::string text() const;
  Json json() const;  // "mongoelector.election/1"
  // Nobody leads it and nobody is a candidate.
  bool unknown() const { return !record_ && members_.empty(); }

 private:
  bool led() const { return record_ && live(*record_); }
  bool leads(const NodeStatus& member) const;
  bool stale(const NodeStatus& member) const;
  Duration age(const NodeStatus& member) const;
  std::string standbys() const;
  Json leader_json() const;
  Json member_json(const NodeStatus& member) const;

  const Connection& connection_;
  const Key key_;
  const std::optional<Record> record_;
  std::vector<NodeStatus> members_;
  StoreInfo info_;
  WallTime now_;  // by the store's clock
};

}  // namespace mongoelector::cli
