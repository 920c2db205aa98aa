// Out-of-line members of the value types in include/mongoelector.
#include "base/text.h"
#include "mongoelector/error.h"
#include "mongoelector/events.h"
#include "mongoelector/lease.h"

namespace mongoelector {

std::string_view to_string(Kind kind) { return kind == Kind::lock ? "lock" : "election"; }

Key::Key(Kind kind, std::string_view name) : kind_(kind), name_(name) {
  const std::string what = "the " + std::string(to_string(kind)) + " key";
  if (name.empty()) throw ArgumentError(what + " is empty");
  internal::check_text(what, name, kMaxBytes);
}

std::string to_string(Token token) { return std::to_string(token.value()); }

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::granted: return "granted";
    case Outcome::held: return "held";
    case Outcome::lost: return "lost";
    case Outcome::unreachable: return "unreachable";
    case Outcome::unknown: return "unknown";
    case Outcome::denied: return "denied";
    case Outcome::damaged: return "damaged";
  }
  return "?";
}

RecordMark mark_of(const Record& record) {
  return {record.lease_id.empty() ? record.holder.uuid : record.lease_id.str(), record.version,
          record.judge};
}

std::string_view to_string(EventKind kind) {
  switch (kind) {
    case EventKind::acquired: return "acquired";
    case EventKind::lost: return "lost";
    case EventKind::released: return "released";
    case EventKind::release_failed: return "release_failed";
    case EventKind::renewal_failed: return "renewal_failed";
    case EventKind::store_trouble: return "store_trouble";
    case EventKind::damaged_record: return "damaged_record";
    case EventKind::time_offset: return "time_offset";
    case EventKind::callback_failed: return "callback_failed";
    case EventKind::callback_slow: return "callback_slow";
    case EventKind::store_warning: return "store_warning";
    case EventKind::events_dropped: return "events_dropped";
  }
  return "?";
}

}  // namespace mongoelector
