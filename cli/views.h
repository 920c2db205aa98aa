// One lock or one election in full: what the store knows about it, as text and as JSON.
#pragma once

#include <optional>
#include <string>

#include "cli/election.h"

namespace mongoelector::cli {

// What the store says about itself.
struct StoreMoment {
  StoreInfo info;
  WallTime now;  // by the store's clock
  // This machine's clock against the store's; nothing where both are the same.
  std::optional<Duration> ahead = {};
  Duration blur{};  // it may be off by this much, either way
};
// Throws StoreError.
StoreMoment ask_moment(const Connection& connection);

class LockView {
 public:
  // Asks the store who waits. Throws StoreError.
  LockView(const Connection& connection, Key key, std::optional<Record> record);
  std::string text(const Output& out) const;
  Json json() const;  // "mongoelector.lock/1"

 private:
  const Connection& connection_;
  const Key key_;
  const std::optional<Record> record_;
  std::optional<std::int64_t> waiting_;  // nothing: not known
};

class ElectionView {
 public:
  // Asks the store for the rest. Throws StoreError.
  ElectionView(const Connection& connection, const Key& key, std::optional<Record> record);
  std::string text(const Output& out) const;
  Json json() const;                            // "mongoelector.election/1"
  std::string members_text(bool wide) const;    // a table
  Json members_json() const;                    // "mongoelector.members/1"
  std::string members_lines() const;            // "mongoelector.member/1", a line each
  // Nobody leads it and nobody is a candidate.
  bool unknown() const { return !election_.record && election_.members.empty(); }
  bool has_members() const { return !election_.members.empty(); }
  // Led, and a failure of the leader would be followed.
  bool healthy() const { return reasons().empty(); }

 private:
  std::vector<std::string> reasons() const;  // why it is not healthy
  std::string_view health() const;
  std::size_t changes_since(Duration ago) const;
  std::string standbys() const;
  std::string failover() const;
  std::string clock() const;
  std::string changes() const;
  Json leader_json() const;
  Json member_json(const NodeStatus& member) const;
  Json members() const;

  const Connection& connection_;
  const StoreMoment moment_;
  const Election election_;
};

}  // namespace mongoelector::cli
