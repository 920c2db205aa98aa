// The contract between leases and whatever keeps them: for people who write a store.
//
// A store has a few atomic verbs. Each is one conditional write or one read and returns an outcome;
// none throws for contention or trouble (std::bad_alloc says as much as `unknown`). Ownership is
// decided here and nowhere else, so every promise has a number, and one conformance suite named
// after them (tests/conformance) runs against every store:
//
//   claim    S1  one winner among any number of concurrent claims
//            S2  an expired lease is free at once
//            S3  a repeat with the same lease_id is the same lease, not a second one
//            S4  the token is larger than any token of this key before
//   renew    S5  never creates, never revives after expiry
//            S6  never touches another's lease
//            S7  leaves the token as it is
//   release  S8  never removes another's lease
//            S9  the key is free for everyone at once
//   break    S10 removes exactly the record that was seen, or nothing
//   read     S11 writes nothing and never answers from a copy that may lag
//   watch    S12 gives hints, never decisions; may be missing, late, or too many
//   history  S13 a term that has ended stays as it is, but for `expired`, which was only a guess
//   control  S14 one winner among concurrent writers of one version
//
// What a store must not do: decide by a client's wall clock; call back into the library; hold a
// lock between verbs.
//
// Threads: every member may be called from any number of threads at once. Blocking: each verb
// should be over within the budget last given to limit_calls(); safety never rests on it, only
// promptness does. After fork() the session never calls the parent's store again in the child, not
// even its destructor.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "mongoelector/clock.h"
#include "mongoelector/lease.h"
#include "mongoelector/records.h"

namespace mongoelector {

struct ClaimRequest {
  Key key;
  Holder holder;
  LeaseId lease_id;
  Duration ttl{};
  // Whoever holds it: becomes ours (a damaged record too).
  bool force = false;
  // Set when the caller saw the record stand still for longer than its ttl on its own clock: then
  // expiry may be believed whoever judged it. Stores with one clock may ignore it.
  std::optional<RecordMark> stood_still = {};
};

struct ClaimReply {
  // granted, held, unreachable, unknown, denied, damaged.
  Outcome outcome = Outcome::unknown;
  // granted: of this lease (S4).
  Token token = {};
  // held: who; `remaining` may be zero where the store cannot say (then read()).
  std::optional<Record> record = {};
  // One line for people when something went wrong.
  std::string detail = {};
};

// One answer for each lease of a renew() call, in its order: granted, lost, unreachable, unknown,
// denied.
struct RenewReply {
  std::vector<Outcome> outcomes;
  std::string detail = {};
};

struct ReleaseReply {
  // granted: removed; lost: was not there; unreachable, unknown, denied.
  Outcome outcome = Outcome::unknown;
  std::string detail = {};
  // report: the store's wall clock at the write, if it has one of its own and it costs no call.
  std::optional<WallTime> time = {};
};

struct ReadReply {
  // granted: answered; unreachable, unknown, denied, damaged.
  Outcome outcome = Outcome::unknown;
  // granted: nothing means no record; an expired record is shown as such.
  std::optional<Record> record = {};
  std::string detail = {};
};

struct ListReply {
  // As read.
  Outcome outcome = Outcome::unknown;
  // In key order; damaged records are left out and named in `detail`.
  std::vector<Record> records = {};
  std::string detail = {};
};

struct StoreInfo {
  Outcome outcome = Outcome::unknown;  // granted: answered
  std::string kind = {};               // "memory", "sqlite", "mongodb", or your own
  std::string location = {};           // where, without secrets
  std::string topology = {};  // "process", "file", "standalone", "replica_set", "sharded", ...
  std::string judge = {};     // the clock that judges expiry
  // The store's wall clock at the answer, if it has one of its own.
  std::optional<WallTime> time = {};
  std::vector<std::string> warnings = {};  // what makes its promises weaker, one line each
  std::string detail = {};
};

// What a store found out while it was opened.
struct StoreOpening {
  // Its wall clock, read between two moments of this machine's.
  struct TimeSeen {
    WallTime before{};
    WallTime store{};
    WallTime after{};
  };
  std::optional<TimeSeen> time = {};
  // Or it goes by the clock of this machine, and info() need not be asked for the time.
  bool own_clock = true;
  std::vector<std::string> warnings = {};  // as in StoreInfo
};

// One candidate's row, for people: `cluster_detail` shows them. Never decides ownership. Rows are
// written at every change, and every 2 x ttl at the latest; when three have passed the member may
// be called stale.
inline constexpr int kStaleAfterTtls = 3;
struct NodeStatus {
  std::string uuid;
  Key key;
  std::string host;
  std::int64_t pid = 0;
  Duration ttl{};
  WallTime timestamp{};  // reading: when the row was written, by the store's clock
  bool ismaster = false;
  bool lock_owned = false;
  std::optional<WallTime> lock_created = {};
  std::optional<WallTime> lock_expires = {};
  bool elector_running = false;
  std::optional<WallTime> last_poll = {};
  std::string app_version = {};
  std::string label = {};
  int priority = 0;  // ElectorOptions::priority
  // The member's clock minus the store's, as last measured, and how far off that may be either way.
  // Nothing where all go by one clock (memory, SQLite), and before the first measurement.
  struct ClockOffset {
    Duration offset{};
    Duration error{};
    bool operator==(const ClockOffset&) const = default;
  };
  std::optional<ClockOffset> clock = {};
};

struct MembersReply {
  Outcome outcome = Outcome::unknown;
  std::vector<NodeStatus> members = {};  // freshest first
  std::string detail = {};
};

// A subscription to hints. next() is called by one thread, cancel() and follow() by others; after
// cancel() next() returns soon.
class Watch {
 public:
  struct Renewed {
    Key key;
    Duration remaining{};
  };
  struct Hints {
    std::vector<Key> freed = {};  // keys that were just given up, as far as the store can tell
    std::vector<Renewed> renewed = {};  // leases of followed keys, and what each now has left
    bool anything = false;        // something changed, for keys not listed too: look again
    bool ended = false;  // no more hints from this subscription; the caller polls, or watches anew
  };
  virtual ~Watch() = default;
  virtual Hints next() = 0;  // blocks until a hint, which may come twice, cancel(), or the end
  virtual void cancel() noexcept = 0;  // never blocks
  // From now on, or soon, hints tell of renewals of these elections and of no others. Never blocks.
  // A store need not do it: who hears of no renewal looks when the lease has run out.
  virtual void follow(std::vector<Key> /*keys*/) {}
};

class LeaseStore {
 public:
  virtual ~LeaseStore() = default;

  virtual ClaimReply claim(const ClaimRequest& request) = 0;
  // Any number; one round trip where the store can.
  virtual RenewReply renew(std::span<const Lease> leases) = 0;
  virtual ReleaseReply release(const Lease& lease) = 0;
  // Forced release of the record as it was seen (same lease_id, or same uuid where there is none).
  virtual ReleaseReply break_lease(const Record& seen) = 0;
  virtual ReadReply read(const Key& key) = 0;
  virtual ListReply list(Kind kind, const std::string& prefix) = 0;
  // nullptr: this store never has hints; callers poll. Throws when there are none just now: callers
  // poll and ask again after a while. May block; nothing waits for it.
  virtual std::unique_ptr<Watch> watch() = 0;
  virtual StoreInfo info() = 0;
  // Answered from memory. A first lease needs one call less where this shows that the clocks agree.
  virtual StoreOpening opening() const { return {}; }

  // A status row: report writes the row of row.uuid, retire removes it.
  virtual ReleaseReply report(const NodeStatus& row) = 0;
  virtual ReleaseReply retire(const Key& key, const std::string& uuid) = 0;
  virtual MembersReply members(const Key& key) = 0;

  // History and control (records.h). A store need not have them; elections work all the same.
  //
  // Writes the row of row.key and row.token, kept for at least 30 days. granted: written; lost:
  // what is there is as final (`open` gives way to `expired`, `expired` to the rest), left alone.
  virtual ReleaseReply record_term(const TermRow& row);
  // At most `limit` rows that had not ended before `since`.
  virtual HistoryReply history(const Key& key, WallTime since, std::size_t limit);
  virtual ControlReply read_control(const Key& key);
  // Replaces the row if its version is still row.version (0: if there is none), and hints to all
  // watches. granted: written, with a larger version; lost: somebody else was first.
  virtual ReleaseReply write_control(const ControlRow& row);

  // Who waits for locks, for people (records.h). A store need not keep that; whether it does is
  // answered from memory.
  virtual bool keeps_waiters() const { return false; }
  // Writes the row of row.key and row.uuid, or removes it if nobody waits. Wakes nobody.
  virtual ReleaseReply report_waiters(const WaitersRow& row);
  // Of locks whose names begin so; rows that are not renewed in time do not count.
  virtual WaitersReply waiters(const std::string& prefix);

  // Upkeep that no promise rests on, such as indexes for what nobody claims any more. Sessions that
  // have held a lease ask for it once, off every path that somebody waits for; looking at a store
  // does not. Blocks for a few calls, or until the one under way ends when `stop` is requested.
  // Returns what could not be made, or is not as it should be; info() warns of that too from then
  // on. Throws ConnectError if the store does not answer.
  virtual std::vector<std::string> maintain(const std::stop_token& stop);
  // Whether maintain() does anything; answered from memory.
  virtual bool needs_maintenance() const { return false; }

  // Whether processes on other machines may use it too. Decides which clock deadlines run on;
  // answered from memory.
  virtual bool shared() const = 0;
  // What one call should take at most, from the tightest ttl in use. Called when it shrinks,
  // possibly during calls.
  virtual void limit_calls(Duration budget) = 0;
};

// For operators' tools: reads the row, lets `change` edit it, writes it, and begins again when
// somebody else was faster, a few times. `now` is the store's clock. Blocks for a few calls.
using ControlChange = std::function<void(ControlRow& row, WallTime now)>;
ReleaseReply change_control(LeaseStore& store, const Key& key, const ControlChange& change);

}  // namespace mongoelector
