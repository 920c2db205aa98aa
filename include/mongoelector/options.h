// Every option: meaning, unit, default, bounds.
//
// Durations are std::chrono values. One number, ttl, tunes all others: each of them has a default
// that is a fraction of it, each can be set, and all are validated together when a locker or
// elector is made (ArgumentError names both options that do not go together, with their values). An
// unset optional means "the default fraction".
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "mongoelector/clock.h"
#include "mongoelector/events.h"
#include "mongoelector/lease.h"

namespace mongoelector {

class Term;

// ttl may be 100 ms to 30 days on an embedded store, 1 s to 30 days on a shared one.
inline constexpr Duration kSmallestTtlEmbedded = std::chrono::milliseconds(100);
inline constexpr Duration kSmallestTtlShared = std::chrono::seconds(1);
inline constexpr Duration kLargestTtl = std::chrono::hours(24 * 30);

// How a lease is kept. Must hold: 0 < every value; three tries fit: 3 x (call_budget + retry_pause)
// <= ttl - margin - renew_every. A store outage of up to ttl - margin - renew_every - (call_budget
// + retry_pause) is survived.
struct TimingOptions {
  // ttl/5: pause between two renewals.
  std::optional<Duration> renew_every = {};
  // ttl/5: the holder stops this long before the store's expiry.
  std::optional<Duration> margin = {};
  // ttl/10, at most 5 s: what one store call should take at most.
  std::optional<Duration> call_budget = {};
  // ttl/20: between a failed try and the next, jittered down to half.
  std::optional<Duration> retry_pause = {};
  // ttl/5: longest pause between two looks of a waiting candidate when the store sends no wake-ups;
  // with wake-ups it looks when the lease runs out, if it heard of no renewal.
  std::optional<Duration> poll = {};
};

struct LockerOptions {
  Duration ttl = std::chrono::seconds(600);
  // Keep the lease alive until release(); false: it ends after ttl unless touch()ed.
  bool auto_renew = true;
  // Refuse to acquire when this machine's clock is off by more than max_offset.
  bool timeparanoid = true;
  Duration max_offset = std::chrono::milliseconds(500);  // > 0
  std::string label = {};  // shown to others beside host and pid, at most 256 bytes of UTF-8
  std::string note = {};   // free text shown to others, at most 1024 bytes of UTF-8
  // Called once when a lease ends against our will, on the dispatcher thread, after stop_token()
  // was requested.
  std::function<void(Token)> on_lost = {};
  TimingOptions timing = {};
};

// One call of MongoLocker::acquire().
struct AcquireOptions {
  // false: one attempt, LockExists if held. With a timeout: ArgumentError.
  bool blocking = true;
  // Unset: wait for ever; zero: exactly one attempt, then AcquireTimeout. >= 0.
  std::optional<Duration> timeout = {};
  // Longest pause between attempts without wake-ups. > 0.
  Duration step = std::chrono::milliseconds(250);
  // Take it whoever holds it; the holder finds out at its next renewal.
  bool force = false;
  // Ends the waiting with AcquireCancelled; leaves no record behind.
  std::stop_token cancel = {};
};

// The lowest ElectorOptions::priority; 0 is the highest.
inline constexpr int kLowestPriority = -10;

struct ElectorOptions {
  Duration ttl = std::chrono::seconds(15);
  // Callbacks run on the session's dispatcher thread, one at a time, strictly alternating; they may
  // call any member (also stop and release) and never delay a renewal. See elector.h.
  std::function<void(const Term&)> onmaster = {};
  std::function<void(const Term&)> onmasterloss = {};
  std::function<void()> onloop = {};  // after every poll and every renewal
  std::string app_version = {};       // shown in node_status when not empty
  bool report_status = true;          // keep this node's row for cluster_detail
  // -10 to 0. A candidate of priority -k leaves a key that it sees free to others for k polls
  // (timing.poll without wake-ups, a fifth of the ttl) and claims it only then, so whoever is
  // preferred leads if it is there; a crash is taken over that much later where nobody is. Never
  // takes the lease from a living leader. Does not hold back the named successor of a hand-over.
  int priority = 0;
  // Do not contend while this machine's clock is off by more than max_offset.
  bool timeparanoid = true;
  Duration max_offset = std::chrono::milliseconds(500);  // > 0
  std::string label = {};                                // as LockerOptions
  std::string note = {};
  // How long stop() and release() let onmasterloss run with the lease still renewed; after that the
  // lease is no longer renewed nor deleted and ends by itself. Unset: ttl. > 0.
  std::optional<Duration> loss_callback_within = {};
  TimingOptions timing = {};
};

// Whether an expiry is judged by the server's clock alone.
enum class Takeover : std::uint8_t {
  // Judged by the clock that wrote it; otherwise the record must also have stood still for its ttl.
  same_clock,
  // The record must always have stood still: slower, and no clock step of a server can matter.
  strict,
};

// Which Python MongoElector versions share elections with this process: decides where status rows
// are written.
enum class PythonFleet : std::uint8_t { none, v0, v1, both };

struct ConnectOptions {
  // MongoDB only: unset takes the URI's path, else "mongoelector".
  std::string database = {};
  // MongoDB only: where locks are; elections are always in elector.locks.
  std::string lock_collection = "mongolocker";
  // MongoDB only: goes before the name of every collection, that of locks too. Who has another one
  // shares nothing with us, even in the same database. Empty: the names that Python MongoElector
  // uses, so that its locks and elections are ours.
  std::string collection_prefix = {};
  Takeover takeover = Takeover::same_clock;      // MongoDB only
  PythonFleet python_fleet = PythonFleet::none;  // MongoDB only
  // MongoDB only: appName, shown in the server's log. At most 128 bytes.
  std::string application = "mongoelector";
  EventSink on_event = {};
  // For tests; unset: the right one for the store.
  std::shared_ptr<Clock> clock = {};
};

}  // namespace mongoelector
