// One lock or election over time: what has happened to it since the last look.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/election.h"

namespace mongoelector::cli {

// Something that happened, or with "state" how things stand.
struct Occurrence {
  std::string_view event;  // state, elected, acquired, ended, paused, resumed
  Key key;
  WallTime at;
  std::optional<Holder> holder = {};  // who leads or holds it; who did, if it ended
  std::uint64_t term = 0;             // 0: not known
  Token token = {};
  std::string ended_by = {};  // a word of EndedBy, or "unknown"
  std::string reason = {};
  std::string by = {};
  std::optional<Duration> gap = {};  // without a leader before this one
  std::optional<Pause> pause = {};   // in force now

  std::string text() const;  // a line
  Json json() const;         // "mongoelector.event/1"
};

// The lease says who holds it, the history how a term ended. The history is written a little later
// than the lease changes, so an event may wait for it a moment.
class Observed {
 public:
  Observed(LeaseStore& store, Key key, bool known_before)
      : store_(store), key_(std::move(key)), first_(known_before) {}

  // `record` is what the store holds now. Throws StoreError; then nothing has been missed.
  std::vector<Occurrence> look(const std::optional<Record>& record, Instant now, WallTime wall);
  // An event waits for the history: look again soon.
  bool unsettled() const { return since_.has_value(); }
  bool held() const { return holder_.has_value(); }

 private:
  struct Reign {
    Record record;
    std::uint64_t term = 0;
  };

  bool patient(Instant now);
  void look_at_pause(WallTime wall, std::vector<Occurrence>& events);
  bool look_at_end(const std::optional<Record>& record, const std::vector<TermRow>& terms,
                   Instant now, WallTime wall, std::vector<Occurrence>& events);
  void look_at_start(const Record& record, const std::vector<TermRow>& terms, Instant now,
                     std::vector<Occurrence>& events);
  Occurrence occurrence(std::string_view event, WallTime at) const;

  LeaseStore& store_;
  const Key key_;
  bool first_;  // nothing was told yet, and the state is to be
  std::optional<Reign> holder_;
  std::optional<Pause> pause_;
  std::optional<Instant> since_;  // what waits for the history
};

}  // namespace mongoelector::cli
