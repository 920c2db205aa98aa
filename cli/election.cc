#include "cli/election.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace mongoelector::cli {

bool Election::leads(const NodeStatus& member) const {
  return led() && member.uuid == record->holder.uuid;
}

Duration Election::age(const NodeStatus& member) const {
  return std::max<Duration>(now - member.timestamp, Duration::zero());
}

// Rows come every ttl/2 while a member lives, so two are missing.
bool Election::stale(const NodeStatus& member) const {
  return age(member) > kStaleAfterTtls * member.ttl;
}

bool Election::cordoned(const NodeStatus& member) const {
  const Holder holder = holder_of(member);
  return std::any_of(control.cordoned.begin(), control.cordoned.end(),
                     [&](const std::string& word) { return means(word, holder); });
}

bool Election::eligible(const NodeStatus& member) const {
  // Whose lease was not kept alive is not counted on.
  const bool lapsed = record && !led() && member.uuid == record->holder.uuid;
  return member.elector_running && !lapsed && !stale(member) && !cordoned(member);
}

std::size_t Election::eligible_standbys() const {
  return static_cast<std::size_t>(
      std::count_if(members.begin(), members.end(), [&](const NodeStatus& member) {
        return !leads(member) && eligible(member);
      }));
}

Duration Election::takeover_delay() const {
  std::optional<Duration> shortest;
  for (const NodeStatus& member : members) {
    if (leads(member) || !eligible(member)) continue;
    const Duration delay = yields_for(member.ttl, member.priority);
    shortest = std::min(shortest.value_or(delay), delay);
  }
  return shortest.value_or(Duration::zero());
}

std::string Election::leader_version() const {
  const auto row = std::find_if(members.begin(), members.end(),
                                [&](const NodeStatus& member) { return leads(member); });
  return row == members.end() ? "" : row->app_version;
}

const TermRow* Election::term() const { return led() ? term_of(terms, *record) : nullptr; }

const Pause* Election::paused() const {
  return control.pause && control.pause->until > now ? &*control.pause : nullptr;
}

const StepDown* Election::scheduled() const {
  return control.stepdown && control.stepdown->at > now ? &*control.stepdown : nullptr;
}

Election ask_election(LeaseStore& store, const Key& key, std::optional<Record> record, WallTime now,
                      std::size_t terms) {
  MembersReply members = store.members(key);
  require_answer(members.outcome, members.detail, "members of " + internal::show_key(key));
  return {.key = key,
          .now = now,
          .record = std::move(record),
          .members = std::move(members.members),
          .terms = ask_history(store, key, WallTime{}, terms),
          .control = ask_control(store, key)};
}

std::vector<TermRow> ask_history(LeaseStore& store, const Key& key, WallTime since,
                                 std::size_t limit) {
  HistoryReply reply = store.history(key, since, limit);
  if (reply.outcome == Outcome::denied) return {};
  require_answer(reply.outcome, reply.detail, "history of " + internal::show_key(key));
  return std::move(reply.rows);
}

ControlRow ask_control(LeaseStore& store, const Key& key) {
  ControlReply reply = store.read_control(key);
  if (reply.outcome == Outcome::denied) return {.key = key};
  require_answer(reply.outcome, reply.detail, "control of " + internal::show_key(key));
  return reply.row.value_or(ControlRow{.key = key});
}

const TermRow* term_of(const std::vector<TermRow>& terms, const Record& record) {
  const auto found = std::find_if(terms.begin(), terms.end(), [&](const TermRow& row) {
    if (record.token.known()) return row.token == record.token;
    return row.holder.uuid == record.holder.uuid && row.ended_by == EndedBy::open;
  });
  return found == terms.end() ? nullptr : &*found;
}

std::optional<Duration> gap_after(const std::vector<TermRow>& newest_first, std::size_t i) {
  if (i == 0 || i >= newest_first.size() || !newest_first[i].end) return std::nullopt;
  const Duration gap = newest_first[i - 1].start - *newest_first[i].end;
  return std::max(gap, Duration::zero());
}

Duration yields_for(Duration ttl, int priority) { return ttl / 5 * -priority; }

Duration takeover_bound(Duration ttl) { return ttl + ttl / 5; }

Holder holder_of(const NodeStatus& member) {
  return {.uuid = member.uuid, .host = member.host, .pid = member.pid, .label = member.label};
}

std::string show_offset(const NodeStatus::ClockOffset& clock) {
  using std::chrono::milliseconds;
  return fmt::format("{:+} ms +/- {}", std::chrono::round<milliseconds>(clock.offset).count(),
                     std::chrono::ceil<milliseconds>(clock.error).count());
}

std::string show_number(std::uint64_t number) { return number == 0 ? "-" : std::to_string(number); }

Json number_json(std::uint64_t number) { return number == 0 ? Json(nullptr) : Json(number); }

std::string show_ended_by(EndedBy ended_by) {
  std::string word(to_string(ended_by));
  std::replace(word.begin(), word.end(), '_', ' ');
  return word;
}

std::string because(const std::string& reason, const std::string& by) {
  std::string text = reason.empty() ? "" : shown(reason);
  if (!by.empty()) text += (text.empty() ? "by " : ", by ") + shown(by);
  return text.empty() ? "" : " (" + text + ")";
}

Json text_json(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

std::string pause_end(const Pause& pause) {
  return pause.indefinite() ? "until somebody resumes it"
                            : "until " + internal::rfc3339(pause.until);
}

Json pause_json(const Pause* pause) {
  if (pause == nullptr) return nullptr;
  return {{"until", pause->indefinite() ? Json(nullptr) : time_json(pause->until)},
          {"reason", text_json(pause->reason)},
          {"by", text_json(pause->by)}};
}

}  // namespace mongoelector::cli
