// What a store keeps about elections for people: the history of terms, and what operators ask for.
//
// Nothing here decides ownership: rows may be missing, late or ignored (Python members see none of
// it), and the lease stays what it is. All times are the store's, or as near as their writer could
// tell. Only elections have these rows; their keys are of Kind::election.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mongoelector/lease.h"

namespace mongoelector {

// ---- history ----

enum class EndedBy : std::uint8_t {
  open,          // not ended, as far as anybody has said
  expired,       // its holder said nothing; its successor wrote this
  released,      // stop(), release(), or an onmaster that threw
  stepped_down,  // an operator asked for it
  switchover,    // likewise, in favour of a successor
  forced,        // somebody removed or replaced the lease at the store
  lost,          // no renewal was confirmed before the deadline
};

std::string_view to_string(EndedBy ended_by);

// One term of one master, from the moment ismaster() was true to the moment it was not.
struct TermRow {
  Key key;
  Token token;
  // For people: one more than that of the term before, as far as its master could tell. 0: not
  // known. May repeat after a time without history; only the token tells terms apart.
  std::uint64_t number = 0;
  Holder holder = {};  // without its note
  WallTime start{};
  // `expired`: the latest moment at which it can have ended.
  std::optional<WallTime> end = {};
  EndedBy ended_by = EndedBy::open;
  std::string reason = {};  // why it ended, for people
  std::string by = {};      // who asked for it
  Duration blur{};          // both times may be off by this much, either way
};

struct HistoryReply {
  Outcome outcome = Outcome::unknown;  // granted: answered; unreachable, unknown, denied
  std::vector<TermRow> rows = {};      // newest first
  std::string detail = {};
};

struct HistoryCheck {
  struct Overlap {
    Token earlier;
    Token later;
    Duration by{};  // at least, whatever the blur
  };
  std::size_t terms = 0;
  std::vector<Overlap> overlaps = {};  // two masters at a time, beyond doubt
  // Terms whose end nobody saw (crashed or still open, and followed by another). They may have
  // ended at any time up to the next start, so they prove nothing about overlaps, and the time
  // without a leader is at least what is shown.
  std::size_t uncertain = 0;
  Duration leaderless{};   // sum of the gaps between terms
  Duration longest_gap{};
};

// Checks the rows of one key, in any order. Tokens say which term came first; times are believed as
// far as their blur goes, and as far as the store's clock was not set in between. Terms of members
// that write no history (Python) count as time without a leader. Pure.
HistoryCheck verify(std::span<const TermRow> rows);

// ---- control ----

// The master is asked to hand over and to stay out for a while.
struct StepDown {
  std::string uuid;     // the holder that is meant; of no effect on any other
  std::string to = {};  // successor (label, host or uuid): others leave it 2 x ttl from `at`
  WallTime at{};        // when it is to happen; until then it is only an announcement
  WallTime until{};     // how long the holder stays out, if it does not hold off longer anyway
  std::string reason = {};
  std::string by = {};
  bool operator==(const StepDown&) const = default;
};

// Nobody new claims; the leader keeps renewing. Ends by itself.
struct Pause {
  // As `until`: somebody has to end it.
  static constexpr WallTime kIndefinitely{std::chrono::sys_days{std::chrono::year{2200} / 1 / 1}};
  bool indefinite() const { return until >= kIndefinitely; }

  WallTime until{};
  std::string reason = {};
  std::string by = {};
  bool operator==(const Pause&) const = default;
};

// What operators ask of one election. Members read it when woken, and every few ttls.
struct ControlRow {
  Key key;
  std::uint64_t version = 0;  // of what was read; 0: there is no row yet
  std::optional<StepDown> stepdown = {};
  std::optional<Pause> pause = {};
  // Label, host or uuid each: these stay members, and lead on if they lead, but do not claim.
  std::vector<std::string> cordoned = {};
};

// Whether `word` of an operator means this member: it is its label, its uuid, or its host, either
// of which may lack the domain.
bool means(std::string_view word, const Holder& member);

struct ControlReply {
  Outcome outcome = Outcome::unknown;  // granted: answered; unreachable, unknown, denied, damaged
  std::optional<ControlRow> row = {};  // nothing: nobody ever asked for anything
  // The store's clock at the answer; without a row perhaps not told (change_control() finds out).
  WallTime time{};
  std::string detail = {};
};

// ---- waiters ----

// How many callers of one process have waited for a lock for longer than a moment. Written beside
// the waiting, never on the way of an acquire(): a wait that ends soon is never told.
struct WaitersRow {
  Key key;
  std::string uuid;          // the process's own, not a holder's
  std::int64_t waiting = 0;  // 0: nobody any more, the row goes
  Duration ttl{};            // counts for so long unless written again
};

struct WaitersReply {
  Outcome outcome = Outcome::unknown;  // granted: answered; unreachable, unknown, denied
  std::map<Key, std::int64_t> waiting = {};  // only locks that somebody waits for
  std::string detail = {};
};

}  // namespace mongoelector
