// What a store knows about one election at one moment, and what follows from it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cli/records.h"

namespace mongoelector::cli {

struct Election {
  Key key;
  WallTime now;  // by the store's clock
  std::optional<Record> record = {};
  std::vector<NodeStatus> members = {};  // freshest first
  std::vector<TermRow> terms = {};       // newest first; empty where no history may be read
  ControlRow control;

  bool led() const { return record && live(*record); }
  bool leads(const NodeStatus& member) const;
  Duration age(const NodeStatus& member) const;
  bool stale(const NodeStatus& member) const;
  bool cordoned(const NodeStatus& member) const;
  // Could lead next: runs, was heard of, is not cordoned.
  bool eligible(const NodeStatus& member) const;
  std::size_t eligible_standbys() const;
  // How long even the most preferred of them leaves a free key to others.
  Duration takeover_delay() const;
  // Of the leader's program, as it told; empty: not known.
  std::string leader_version() const;
  // The row of the present leader's term; nullptr if there is none.
  const TermRow* term() const;
  const Pause* paused() const;
  // What was announced but is not to happen yet.
  const StepDown* scheduled() const;
};

// The latest `terms` rows. Throws StoreError.
Election ask_election(LeaseStore& store, const Key& key, std::optional<Record> record, WallTime now,
                      std::size_t terms);

// The newest first. None where the store keeps no history or this user may not read it. Throws
// StoreError.
std::vector<TermRow> ask_history(LeaseStore& store, const Key& key, WallTime since,
                                 std::size_t limit);
// What operators ask for, likewise.
ControlRow ask_control(LeaseStore& store, const Key& key);

// The row of the term that a record belongs to; nullptr if there is none. A record whose token is
// not known yet belongs to the open term of its holder.
const TermRow* term_of(const std::vector<TermRow>& terms, const Record& record);

// Between the end of terms[i] and the start of the one after it, if both are known.
std::optional<Duration> gap_after(const std::vector<TermRow>& newest_first, std::size_t i);

// What a candidate of this priority leaves to those before it, and what a crash is followed within
// at most; unless they were told to look more seldom.
Duration yields_for(Duration ttl, int priority);
Duration takeover_bound(Duration ttl);

Holder holder_of(const NodeStatus& member);

// "+3 ms +/- 2"
std::string show_offset(const NodeStatus::ClockOffset& clock);

// "17", or "-" for a term whose number is not known.
std::string show_number(std::uint64_t number);
Json number_json(std::uint64_t number);
// "stepped down"
std::string show_ended_by(EndedBy ended_by);
// " (deploy, by ana@ops)"; nothing if neither is known.
std::string because(const std::string& reason, const std::string& by);
Json text_json(const std::string& text);  // null if empty
// "until 2026-11-21T23:57:03.412Z", "until somebody resumes it"
std::string pause_end(const Pause& pause);
Json pause_json(const Pause* pause);

}  // namespace mongoelector::cli
