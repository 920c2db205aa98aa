// What can go wrong, as exceptions. Contention inside the library is a value (Outcome); these are
// thrown only by the calls a user makes: constructors, connect(), acquire(), touch() and the asking
// members (locked(), get_current(), ...).
//
//   Error
//   |- ArgumentError      a value you passed cannot work; nothing was sent
//   |- ConnectError       the URI names no store we know, or the store cannot be opened
//   |- LockExists         non-blocking acquire: somebody holds it
//   |- AcquireTimeout     the time was over before the key was free
//   |- AlreadyHeld        this very object holds it: the locker is not re-entrant
//   |- TimeOffsetError    timeparanoid: this machine's clock is too far from the store's
//   |- AcquireCancelled   the caller's stop_token was requested while waiting
//   `- StoreError         the store did not, or may not have, or will not do it: see outcome()
//
// Every message names the thing it is about (key, option with value, store) and never holds a
// password.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "mongoelector/lease.h"

namespace mongoelector {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class ArgumentError : public Error {
 public:
  using Error::Error;
};

// Why connect() failed, for programs that map it to an exit code.
enum class ConnectProblem : std::uint8_t {
  bad_uri,        // cannot be read, or unknown scheme or option
  unsupported,    // a place that cannot keep the promises, such as a network file system
  cannot_create,  // file or directory cannot be made or opened
  denied,         // wrong password or missing privilege
  unreachable,    // nobody answered in time
  damaged,        // a file that is not ours, or of a newer schema
};

class ConnectError : public Error {
 public:
  ConnectError(ConnectProblem problem, const std::string& message)
      : Error(message), problem_(problem) {}
  ConnectProblem problem() const { return problem_; }

 private:
  ConnectProblem problem_;
};

class LockExists : public Error {
 public:
  LockExists(const std::string& message, Record record)
      : Error(message), record_(std::move(record)) {}
  // Who, since when, for how long: as the store showed it in the refused attempt or a read right
  // after it.
  const Record& record() const { return record_; }

 private:
  Record record_;
};

class AcquireTimeout : public Error {
 public:
  AcquireTimeout(const std::string& message, Outcome outcome, std::optional<Record> record)
      : Error(message), outcome_(outcome), record_(std::move(record)) {}
  // Of the last look: `held` if the store showed that somebody had it, `unreachable` or `unknown`
  // if it did not answer.
  Outcome outcome() const { return outcome_; }
  // Who had it when the store last showed it, if it did.
  const std::optional<Record>& record() const { return record_; }

 private:
  Outcome outcome_;
  std::optional<Record> record_;
};

class AcquireCancelled : public Error {
 public:
  using Error::Error;
};

class AlreadyHeld : public Error {
 public:
  using Error::Error;
};

class TimeOffsetError : public Error {
 public:
  TimeOffsetError(const std::string& message, Duration offset) : Error(message), offset_(offset) {}
  // Store time minus local time, compensated for the round trip.
  Duration offset() const { return offset_; }

 private:
  Duration offset_;
};

class StoreError : public Error {
 public:
  StoreError(Outcome outcome, const std::string& message) : Error(message), outcome_(outcome) {}
  // unreachable, unknown, denied or damaged.
  Outcome outcome() const { return outcome_; }

 private:
  Outcome outcome_;
};

}  // namespace mongoelector
