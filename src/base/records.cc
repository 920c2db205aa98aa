#include "base/records.h"

#include <utility>

#include "mongoelector/store.h"

namespace mongoelector {

std::string_view to_string(EndedBy ended_by) {
  switch (ended_by) {
    case EndedBy::open: return "open";
    case EndedBy::expired: return "expired";
    case EndedBy::released: return "released";
    case EndedBy::stepped_down: return "stepped_down";
    case EndedBy::switchover: return "switchover";
    case EndedBy::forced: return "forced";
    case EndedBy::lost: return "lost";
  }
  return "?";
}

std::optional<EndedBy> internal::parse_ended_by(std::string_view word) {
  for (const EndedBy one : kEndings) {
    if (word == to_string(one)) return one;
  }
  return std::nullopt;
}

namespace {

// Of the two names of a machine, the plain and the dotted one, a holder has the one that could be
// had when it was made.
bool same_host(std::string_view one, std::string_view other) {
  if (one == other) return true;
  const std::size_t dot = one.find('.');
  const std::size_t other_dot = other.find('.');
  if ((dot == one.npos) == (other_dot == other.npos)) return false;
  return one.substr(0, dot) == other.substr(0, other_dot);
}

}  // namespace

bool means(std::string_view word, const Holder& member) {
  return !word.empty() &&
         (word == member.uuid || same_host(word, member.host) || word == member.label);
}

// What a store without these rows answers.

std::vector<std::string> LeaseStore::maintain(const std::stop_token&) { return {}; }

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

ReleaseReply LeaseStore::report_waiters(const WaitersRow&) {
  return {.outcome = Outcome::denied, .detail = "this store does not keep who waits"};
}

WaitersReply LeaseStore::waiters(const std::string&) {
  return {.outcome = Outcome::denied, .detail = "this store does not keep who waits"};
}

ReleaseReply change_control(LeaseStore& store, const Key& key, const ControlChange& change) {
  constexpr int kTries = 8;
  ReleaseReply written;
  for (int i = 0; i < kTries; ++i) {
    ControlReply read = store.read_control(key);
    if (read.outcome != Outcome::granted)
      return {.outcome = read.outcome, .detail = std::move(read.detail)};
    if (!read.row) {
      const StoreInfo info = store.info();
      if (info.outcome != Outcome::granted)
        return {.outcome = info.outcome, .detail = info.detail};
      read.time = info.time.value_or(read.time);
    }
    ControlRow row = read.row.value_or(ControlRow{.key = key});
    change(row, read.time);
    written = store.write_control(row);
    if (written.outcome != Outcome::lost) return written;
  }
  return written;
}

}  // namespace mongoelector
