// What happened inside, for logs and metrics. The library itself writes nothing anywhere; it tells
// an event sink.
//
// Events are reports: nothing in the library waits for a sink or depends on it. The sink runs on
// the session's dispatcher thread, one event at a time, in order; it may block, throw (ignored) or
// call the library. At most kMaxQueuedEvents wait; what happens beyond that is dropped, and one
// `events_dropped` says how many after those that waited.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "mongoelector/lease.h"

namespace mongoelector {

enum class EventKind : std::uint8_t {
  acquired,         // a lease began (lock taken, election won)
  lost,             // a lease ended against our will; the message says why
  released,         // a lease was given back and the store confirmed it
  release_failed,   // a lease could not be removed; it ends by itself after its ttl
  renewal_failed,   // one renewal had no answer or was refused; tried again until the deadline
  store_trouble,    // another call had no answer or was refused
  damaged_record,   // a record is not one we understand; left alone
  time_offset,      // this machine's clock is too far from the store's
  callback_failed,  // a callback of yours threw
  callback_slow,    // a callback outlived its bound; what that costs is in the message
  store_warning,    // the store works but promises less than it could (index, privileges,
                    // topology); told with the first time check (timeparanoid), once each
  events_dropped,   // the sink was too slow
};

std::string_view to_string(EventKind kind);

inline constexpr std::size_t kMaxQueuedEvents = 1024;

struct Event {
  EventKind kind;
  std::optional<Key> key;  // the lock or election it is about, if it is about one
  Token token;             // the lease it is about, if known
  std::string message;     // one line for people; never holds a password
};

using EventSink = std::function<void(const Event&)>;

}  // namespace mongoelector
