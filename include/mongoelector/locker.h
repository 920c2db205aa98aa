// MongoLocker: a distributed lock.
//
// Promises: at most one valid holder of a key at any time (docs/guarantees.md says under which
// conditions); owned() turns false by itself before the store lets anyone else in, even while every
// connection hangs; each acquisition has a larger token() than all before. Does not promise:
// fairness between processes; that work you started stops by itself (use stop_token(), or hand
// token() to what you protect); protection of a resource that does not check tokens from a process
// frozen in mid-write.
//
// Threads: every member may be called from any thread; the lock belongs to the object, not to a
// thread. Not re-entrant: acquiring what this object holds throws AlreadyHeld. Works with
// std::unique_lock, std::scoped_lock and std::lock_guard.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "mongoelector/connect.h"
#include "mongoelector/error.h"
#include "mongoelector/options.h"

namespace mongoelector {

namespace internal {
class LockParticipant;
}

// What status() tells: who we are and how the lock stands for us.
struct LockStatus {
  std::string uuid;
  Key key;
  Duration ttl{};
  WallTime timestamp{};
  std::string host;
  std::int64_t pid = 0;
  bool lock_owned = false;
  std::optional<WallTime> lock_created = {};  // only while owned
  std::optional<WallTime> lock_expires = {};
};

class MongoLocker {
 public:
  // Sends nothing. Throws ArgumentError for a key or options that cannot work.
  MongoLocker(std::shared_ptr<Session> session, std::string_view key, LockerOptions options = {});
  // Releases if held: blocks for at most one call budget; a failed release is an event, never an
  // exception. No on_lost starts after it; one that is running is waited for, at most as long
  // again.
  ~MongoLocker();
  MongoLocker(const MongoLocker&) = delete;
  MongoLocker& operator=(const MongoLocker&) = delete;

  // Takes the lock and returns its token. Blocks as AcquireOptions says, beyond its timeout by at
  // most one call budget. Throws LockExists, AcquireTimeout, AcquireCancelled, AlreadyHeld,
  // TimeOffsetError, ArgumentError, and StoreError when the store refuses for good (denied,
  // damaged) or, non-blocking, gives no answer. After any exception it is not held, and an attempt
  // whose answer was lost is undone in the background or ends by itself after ttl.
  Token acquire(const AcquireOptions& options = {});

  // Gives it back; true if the store confirmed that it was ours until now. Blocks for at most one
  // call budget; without an answer it is tried again in the background until ttl is over. force:
  // removes whoever holds it, within three call budgets. Does not throw for a lost lease; throws
  // StoreError only with force.
  bool release(bool force = false);

  // Renews now, within one call budget. The new expiry as this machine's wall clock has it, for
  // people; nothing if the lease is lost (then owned() is false). Throws StoreError if there was no
  // answer: the lease may still be ours until remaining() is over.
  std::optional<WallTime> touch();

  // Valid right now? Answered from memory in nanoseconds: no lock, no I/O, false after fork in the
  // child.
  bool owned() const noexcept;
  // Time until owned() turns false by itself; zero if it is false.
  Duration remaining() const noexcept;
  // Of the present or latest lease; not known before the first.
  Token token() const noexcept;
  // Requested when the present lease ends for whatever reason. Stop callbacks run on the watchdog
  // thread: keep them short.
  std::stop_token stop_token() const;

  // Asks the store: held by anyone? One read. Throws StoreError without an answer in one call
  // budget.
  bool locked() const;
  // Asks the store: the valid record, whoever holds it. Throws StoreError, as locked().
  std::optional<Record> get_current() const;
  // From memory.
  LockStatus status() const;
  Duration ttl() const noexcept;
  const Key& key() const noexcept;

  // std Lockable. lock() waits for ever; try_lock and try_lock_for answer false if held or time
  // over, and throw as acquire() for everything else. unlock() never throws.
  void lock() { acquire(); }
  bool try_lock();
  template <class Rep, class Period>
  bool try_lock_for(const std::chrono::duration<Rep, Period>& timeout) {
    return try_lock_within(std::chrono::ceil<Duration>(timeout));
  }
  void unlock() noexcept;

 private:
  bool try_lock_within(Duration timeout);
  std::shared_ptr<Session> session_;
  std::shared_ptr<internal::LockParticipant> participant_;
};

}  // namespace mongoelector
