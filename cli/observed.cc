#include "cli/observed.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace mongoelector::cli {

namespace {

// What the history is waited for.
constexpr Duration kPatience = std::chrono::seconds(1);
constexpr std::size_t kLookBack = 8;

// The row of a term that is over. A record whose token was never known is its holder's latest.
const TermRow* ended_term(const std::vector<TermRow>& terms, const Record& record) {
  const auto found = std::find_if(terms.begin(), terms.end(), [&](const TermRow& row) {
    return record.token.known() ? row.token == record.token
                                : row.holder.uuid == record.holder.uuid;
  });
  return found == terms.end() ? nullptr : &*found;
}

}  // namespace

std::string Occurrence::text() const {
  const bool election = key.kind() == Kind::election;
  std::string what(event);
  if (event == "state") {
    what = holder ? (election ? "led by" : "held by") : (election ? "no leader" : "free");
  } else if (event == "acquired") {
    what = "acquired by";
  }
  if (holder) what += " " + holder_name(*holder);
  if (holder && term != 0) what += fmt::format(", term {}", term);
  if (!ended_by.empty()) {
    std::string word = ended_by;
    std::replace(word.begin(), word.end(), '_', ' ');
    what += ": " + word + because(reason, by);
  }
  if (gap) what += fmt::format(", after {} without a leader", brief(*gap));
  if (pause) {
    what += fmt::format("{} {}{}", event == "paused" ? "" : ", paused", pause_end(*pause),
                        because(pause->reason, pause->by));
  }
  return fmt::format("{}  {}/{}  {}\n", internal::rfc3339(at), to_string(key.kind()),
                     shown(key.name()), what);
}

Json Occurrence::json() const {
  const bool election = key.kind() == Kind::election;
  const Json name = holder ? Json(holder->label.empty() ? holder->host : holder->label) : nullptr;
  return {{"schema", "mongoelector.event/1"},
          {"at", time_json(at)},
          {"name", key.name()},
          {"kind", to_string(key.kind())},
          {"event", event},
          {"leader", election ? name : Json(nullptr)},
          {"holder", holder ? holder_json(*holder) : Json(nullptr)},
          {"term", number_json(term)},
          {"token", token_json(token)},
          {"paused", pause.has_value()},
          {"pause", pause_json(pause ? &*pause : nullptr)},
          {"ended_by", text_json(ended_by)},
          {"reason", text_json(reason)},
          {"by", text_json(by)},
          {"gap_seconds", gap ? seconds_json(*gap) : Json(nullptr)}};
}

Occurrence Observed::occurrence(std::string_view event, WallTime at) const {
  Occurrence one{.event = event, .key = key_, .at = at, .pause = pause_};
  if (holder_) {
    one.holder = holder_->record.holder;
    one.term = holder_->term;
    one.token = holder_->record.token;
  }
  return one;
}

// Whether what waits for the history may wait on.
bool Observed::patient(Instant now) {
  if (!since_) since_ = now;
  if (key_.kind() == Kind::election && now - *since_ < kPatience) return true;
  since_.reset();
  return false;
}

std::vector<Occurrence> Observed::look(const std::optional<Record>& record, Instant now,
                                       WallTime wall) {
  std::vector<Occurrence> events;
  const bool held = record && live(*record);
  const bool same = held && holder_ && mark_of(*record).owner == mark_of(holder_->record).owner;
  const bool election = key_.kind() == Kind::election;
  std::vector<TermRow> terms;
  if (election && !same && (held || holder_)) terms = ask_history(store_, key_, {}, kLookBack);
  if (election) look_at_pause(wall, events);
  if (same) {
    holder_->record = *record;  // its token may have become known
  } else if (!holder_ || look_at_end(record, terms, now, wall, events)) {
    if (held) look_at_start(*record, terms, now, events);
  }
  if (first_) events = {occurrence("state", wall)};
  first_ = false;
  return events;
}

void Observed::look_at_pause(WallTime wall, std::vector<Occurrence>& events) {
  const ControlReply reply = store_.read_control(key_);
  if (reply.outcome == Outcome::denied) return;
  require_answer(reply.outcome, reply.detail, "control of " + internal::show_key(key_));
  std::optional<Pause> pause;
  if (reply.row && reply.row->pause && reply.row->pause->until > reply.time)
    pause = reply.row->pause;
  const bool changed = pause.has_value() != pause_.has_value() ||
                       (pause && pause->until != pause_->until);
  pause_ = std::move(pause);
  if (changed) events.push_back(occurrence(pause_ ? "paused" : "resumed", wall));
}

// False: how it ended is not known yet.
bool Observed::look_at_end(const std::optional<Record>& record, const std::vector<TermRow>& terms,
                           Instant now, WallTime wall, std::vector<Occurrence>& events) {
  const TermRow* row = ended_term(terms, holder_->record);
  const bool told = row != nullptr && row->ended_by != EndedBy::open;
  if (!told && patient(now)) return false;
  since_.reset();
  Occurrence ended = occurrence("ended", told && row->end ? *row->end : wall);
  if (told) {
    ended.ended_by = to_string(row->ended_by);
    ended.reason = row->reason;
    ended.by = row->by;
  } else {
    // A lease that was given up leaves no record.
    const bool left = record && mark_of(*record).owner == mark_of(holder_->record).owner;
    ended.ended_by = left ? "expired" : "unknown";
  }
  events.push_back(std::move(ended));
  holder_.reset();
  return true;
}

void Observed::look_at_start(const Record& record, const std::vector<TermRow>& terms, Instant now,
                             std::vector<Occurrence>& events) {
  const TermRow* row = term_of(terms, record);
  if (row == nullptr && !first_ && patient(now)) return;
  since_.reset();
  holder_ = Reign{record, row == nullptr ? 0 : row->number};
  Occurrence started = occurrence(key_.kind() == Kind::election ? "elected" : "acquired",
                                  row == nullptr ? record.created_at : row->start);
  if (row != nullptr)
    started.gap = gap_after(terms, static_cast<std::size_t>(row - terms.data()) + 1);
  events.push_back(std::move(started));
}

}  // namespace mongoelector::cli
