#include "base/records.h"

#include "mongoelector/store.h"

namespace mongoelector {

std::string_view to_string(EndedBy ended_by) {
  switch (ended_by) {
    case EndedBy::open: return "open";
    case EndedBy::expired: return "expired";
    case EndedBy::released: return "released";
    case EndedBy::stepped_down: return "stepped_down";
    case EndedBy::forced: return "forced";
    case EndedBy::lost: return "lost";
  }
  return "?";
}

std::optional<EndedBy> internal::parse_ended_by(std::string_view word) {
  for (const EndedBy one : {EndedBy::open, EndedBy::expired, EndedBy::released,
                            EndedBy::stepped_down, EndedBy::forced, EndedBy::lost}) {
    if (word == to_string(one)) return one;
  }
  return std::nullopt;
}

// What a store without these rows answers.

ReleaseReply LeaseStore::record_term(const TermRow&) {
  return {.outcome = Outcome::denied, .detail = "this store keeps no history"};
}

HistoryReply LeaseStore::history(const Key&, WallTime, std::size_t) {
  return {.outcome = Outcome::denied, .detail = "this store keeps no history"};
}

ControlReply LeaseStore::read_control(const Key&) {
  return {.outcome = Outcome::granted};  // so nobody can have asked for anything
}

ReleaseReply LeaseStore::write_control(const ControlRow&) {
  return {.outcome = Outcome::denied, .detail = "this store takes no requests of operators"};
}

}  // namespace mongoelector
