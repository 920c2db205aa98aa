#include "cli/views.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/text.h"
#include "mongoelector/options.h"

namespace mongoelector::cli {

namespace {

constexpr std::size_t kSecondColumn = 40;

// "label      value                       more"
std::string line(std::string_view label, std::string value, std::string_view more = {}) {
  const std::string start = fmt::format("{:<11}", label);
  if (more.empty()) return start + value + "\n";
  if (start.size() + value.size() < kSecondColumn)
    value.resize(kSecondColumn - start.size(), ' ');
  return fmt::format("{}{}  {}\n", start, value, more);
}

std::string holding(const Record& record) {
  return fmt::format("token {}, for {}", show_token(record.token), brief(held_for(record)));
}

std::string lease_line(const Record& record) {
  const auto renewed = since_renewal(record);
  if (!renewed)
    return line("lease", fmt::format("{} left at the store", brief(record.remaining)));
  return line("lease", fmt::format("{}, {} left at the store, renewed {} ago",
                                   internal::show_duration(record.ttl), brief(record.remaining),
                                   brief(*renewed)));
}

// The record of a lease that nobody holds any more.
std::string last_line(const Record& record) {
  const std::string end = record.remaining > Duration::zero()
                              ? "its process is gone"
                              : fmt::format("lease ended {} ago", brief(-record.remaining));
  return line("last", describe_holder(record), end);
}

std::string note_line(const Record& record) {
  return record.holder.note.empty() ? "" : line("note", shown(record.holder.note));
}

// How far back the changes that are shown go.
constexpr std::size_t kTermsShown = 1000;
constexpr std::chrono::hours kRecently{24};

Json scheduled_json(const StepDown* planned) {
  if (planned == nullptr) return nullptr;
  return {{"at", time_json(planned->at)},
          {"to", text_json(planned->to)},
          {"reason", text_json(planned->reason)},
          {"by", text_json(planned->by)}};
}

Json clock_json(const StoreMoment& moment) {
  if (!moment.ahead) return nullptr;
  return {{"offset_seconds", seconds_json(*moment.ahead)},
          {"error_seconds", seconds_json(moment.blur)},
          {"limit_seconds", seconds_json(ElectorOptions{}.max_offset)}};
}

}  // namespace

StoreMoment ask_moment(const Connection& connection) {
  const Session& session = *connection.session;
  const WallTime before = session.clock().wall();
  StoreInfo info = session.store().info();
  const WallTime after = session.clock().wall();
  require_answer(info.outcome, info.detail, "asking the store about itself");
  StoreMoment moment{.info = std::move(info), .now = after};
  if (moment.info.time) {
    moment.now = *moment.info.time;
    // The store read its clock somewhere inside the round trip.
    const auto half_trip = (after - before) / 2;
    moment.ahead = before + half_trip - moment.now;
    moment.blur = std::chrono::abs(half_trip);
  }
  return moment;
}

LockView::LockView(const Connection& connection, Key key, std::optional<Record> record)
    : connection_(connection), key_(std::move(key)), record_(std::move(record)) {
  if (const auto waiting = ask_waiters(connection.session->store(), key_.name()))
    waiting_ = waiting_for(*waiting, key_);
}

std::string LockView::text(const Output& output) const {
  const bool held = record_ && live(*record_);
  std::string out = line("lock", shown(key_.name()),
                         output.toned(held ? Tone::good : Tone::doubtful, held ? "HELD" : "FREE"));
  if (held) {
    out += line("holder", describe_holder(*record_), holding(*record_));
    out += lease_line(*record_) + note_line(*record_);
  } else if (record_) {
    out += last_line(*record_);
  }
  if (waiting_.value_or(0) > 0) out += line("waiting", std::to_string(*waiting_));
  return out;
}

Json LockView::json() const {
  const auto holder = record_ && live(*record_) ? record_ : std::nullopt;
  Json lock{{"name", key_.name()}, {"state", holder ? "held" : "free"}};
  add_holding(lock, holder);
  lock["waiting"] = waiting_ ? Json(*waiting_) : Json(nullptr);
  Json document = new_document("mongoelector.lock/1");
  document["store"] = store_json(connection_, ask_moment(connection_).info);
  document["lock"] = std::move(lock);
  return document;
}

ElectionView::ElectionView(const Connection& connection, const Key& key,
                           std::optional<Record> record)
    : connection_(connection),
      moment_(ask_moment(connection)),
      election_(ask_election(connection.session->store(), key, std::move(record), moment_.now,
                             kTermsShown)) {}

std::vector<std::string> ElectionView::reasons() const {
  if (!election_.led()) return {election_.record ? "lease_expired" : "no_lease"};
  std::vector<std::string> found;
  if (!seems_alive(*election_.record)) found.emplace_back("not_renewed");
  if (election_.paused() != nullptr) found.emplace_back("paused");
  if (election_.eligible_standbys() == 0) found.emplace_back("no_standby");
  return found;
}

std::string_view ElectionView::health() const {
  if (!election_.led()) return "no_leader";
  return healthy() ? "healthy" : "degraded";
}

std::size_t ElectionView::changes_since(Duration ago) const {
  return static_cast<std::size_t>(
      std::count_if(election_.terms.begin(), election_.terms.end(), [&](const TermRow& row) {
        return row.start >= election_.now - ago;
      }));
}

std::string ElectionView::standbys() const {
  std::string names;
  std::size_t cordoned = 0;
  std::size_t stale = 0;
  for (const NodeStatus& member : election_.members) {
    if (election_.leads(member)) continue;
    cordoned += election_.cordoned(member) ? 1 : 0;
    stale += election_.stale(member) ? 1 : 0;
    if (!election_.eligible(member)) continue;
    names += (names.empty() ? "" : ", ") + holder_name(holder_of(member));
  }
  return fmt::format("{} eligible{}, {} cordoned, {} stale", election_.eligible_standbys(),
                     names.empty() ? "" : " (" + names + ")", cordoned, stale);
}

std::string ElectionView::failover() const {
  if (election_.eligible_standbys() == 0) return "nobody stands by";
  if (election_.paused() != nullptr) return "not before the pause is over";
  const Duration ttl = election_.record->ttl;
  if (ttl <= Duration::zero()) return "at once on a clean stop";
  const Duration delay = election_.takeover_delay();
  const std::string bound = internal::show_duration(takeover_bound(ttl) + delay);
  const std::string soon =
      delay == Duration::zero() ? "at once" : "within " + internal::show_duration(delay);
  if (connection_.session->store().shared())
    return fmt::format("within {} after a crash, {} on a clean stop", bound, soon);
  return fmt::format("{} after a crash or a clean stop, within {} after a hang", soon, bound);
}

std::string ElectionView::clock() const {
  const NodeStatus* worst = nullptr;
  std::string text;
  for (const NodeStatus& member : election_.members) {
    if (!member.clock || election_.stale(member)) continue;
    if (election_.leads(member)) {
      text = fmt::format("leader {}, ", show_offset(*member.clock));
    } else if (worst == nullptr ||
               std::chrono::abs(member.clock->offset) > std::chrono::abs(worst->clock->offset)) {
      worst = &member;
    }
  }
  if (worst != nullptr) text += fmt::format("worst member {}, ", show_offset(*worst->clock));
  if (text.empty()) {
    text = fmt::format("this machine {} against the store, ",
                       show_offset({*moment_.ahead, moment_.blur}));
  }
  const Duration limit = ElectorOptions{}.max_offset;
  return fmt::format("{}limit {} ms", text,
                     std::chrono::duration_cast<std::chrono::milliseconds>(limit).count());
}

std::string ElectionView::changes() const {
  std::string text = fmt::format("{} in 24h", changes_since(kRecently));
  const auto ended = std::find_if(election_.terms.begin(), election_.terms.end(),
                                  [](const TermRow& row) { return row.end.has_value(); });
  if (ended == election_.terms.end()) return text;
  return text + fmt::format("; last: {} {}{} {} ago", holder_name(ended->holder),
                            show_ended_by(ended->ended_by), because(ended->reason, ended->by),
                            brief(election_.now - *ended->end));
}

std::string ElectionView::text(const Output& output) const {
  std::string word(health());
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c == '_' ? ' ' : static_cast<char>(std::toupper(c)); });
  const Tone tone = healthy() ? Tone::good : election_.led() ? Tone::doubtful : Tone::bad;
  std::string out = line("election", shown(election_.key.name()), output.toned(tone, word));
  const auto& record = election_.record;
  if (election_.led()) {
    const TermRow* term = election_.term();
    const std::string number =
        term == nullptr || term->number == 0 ? "" : fmt::format("term {}, ", term->number);
    out += line("leader", describe_holder(*record), number + holding(*record));
    out += lease_line(*record) + note_line(*record);
  } else if (record) {
    out += last_line(*record);
  }
  out += line("standbys", standbys());
  if (election_.led()) out += line("failover", failover());
  if (moment_.ahead) out += line("clock", clock());
  out += line("changes", changes());
  const Pause* pause = election_.paused();
  out += line("paused", pause == nullptr
                            ? "no"
                            : pause_end(*pause) + because(pause->reason, pause->by));
  if (const StepDown* planned = election_.scheduled()) {
    out += line("scheduled",
                fmt::format("hand-over{} at {}{}",
                            planned->to.empty() ? "" : " to " + shown(planned->to),
                            internal::rfc3339(planned->at), because(planned->reason, planned->by)));
  }
  return out;
}

Json ElectionView::leader_json() const {
  if (!election_.led()) return nullptr;
  return holder_json(election_.record->holder, election_.leader_version());
}

Json ElectionView::member_json(const NodeStatus& member) const {
  Json json = holder_json(holder_of(member), member.app_version);
  json["role"] = election_.leads(member) ? "leader" : "standby";
  json["state"] = election_.stale(member)      ? "stale"
                  : !member.elector_running    ? "stopped"
                                               : "ok";
  json["seen_seconds_ago"] = seconds_json(election_.age(member));
  json["clock_offset_seconds"] = member.clock ? seconds_json(member.clock->offset) : Json(nullptr);
  json["clock_offset_error_seconds"] =
      member.clock ? seconds_json(member.clock->error) : Json(nullptr);
  json["priority"] = member.priority;
  json["cordoned"] = election_.cordoned(member);
  json["note"] = election_.leads(member) ? text_json(election_.record->holder.note) : Json(nullptr);
  return json;
}

Json ElectionView::members() const {
  Json rows = Json::array();
  for (const NodeStatus& member : election_.members) rows.push_back(member_json(member));
  return rows;
}

Json ElectionView::json() const {
  const auto holder = election_.led() ? election_.record : std::nullopt;
  const TermRow* term = election_.term();
  Json election{{"name", election_.key.name()},
                {"health", health()},
                {"reasons", reasons()},
                {"leader", leader_json()},
                {"term", number_json(term == nullptr ? 0 : term->number)},
                {"token", holder ? token_json(holder->token) : Json(nullptr)},
                {"elected_at", holder ? time_json(holder->created_at) : Json(nullptr)},
                {"leading_for_seconds", holder ? seconds_json(held_for(*holder)) : Json(nullptr)}};
  add_lease(election, holder);
  const bool followed =
      holder && holder->ttl > Duration::zero() && election_.eligible_standbys() > 0;
  election["takeover_bound_seconds"] =
      followed ? seconds_json(takeover_bound(holder->ttl) + election_.takeover_delay())
               : Json(nullptr);
  election["transitions_total"] =
      number_json(election_.terms.empty() ? 0 : election_.terms.front().number);
  election["transitions_24h"] = changes_since(kRecently);
  election["paused"] = pause_json(election_.paused());
  election["scheduled"] = scheduled_json(election_.scheduled());
  election["members"] = members();
  Json document = new_document("mongoelector.election/1");
  document["store"] = store_json(connection_, moment_.info);
  document["clock"] = clock_json(moment_);
  document["election"] = std::move(election);
  return document;
}

std::string ElectionView::members_text(bool wide) const {
  std::vector<std::string> header{"MEMBER",   "ROLE",  "STATE",  "SEEN",
                                  "PRIORITY", "CLOCK", "VERSION"};
  if (wide) header.insert(header.end(), {"HOST", "PID", "ID", "UUID", "TTL"});
  Table table(std::move(header));
  for (const NodeStatus& member : election_.members) {
    const Json json = member_json(member);
    std::string state = json["state"].get<std::string>();
    if (election_.cordoned(member)) state += ", cordoned";
    std::vector<std::string> row{holder_name(holder_of(member)), json["role"].get<std::string>(),
                                 std::move(state), brief(election_.age(member)) + " ago",
                                 std::to_string(member.priority),
                                 member.clock ? show_offset(*member.clock) : "-",
                                 member.app_version.empty() ? "-" : shown(member.app_version)};
    if (wide) {
      row.insert(row.end(), {shown(member.host), std::to_string(member.pid),
                             shown(json["id"].get<std::string>()), shown(member.uuid),
                             internal::show_duration(member.ttl)});
    }
    table.add(std::move(row));
  }
  return table.text(wide);
}

Json ElectionView::members_json() const {
  Json document = new_document("mongoelector.members/1");
  document["store"] = store_json(connection_, moment_.info);
  document["name"] = election_.key.name();
  document["members"] = members();
  return document;
}

std::string ElectionView::members_lines() const {
  std::string lines;
  for (const NodeStatus& member : election_.members) {
    Json item{{"election", election_.key.name()}};
    item.update(member_json(member));
    lines += to_line("mongoelector.member/1", item);
  }
  return lines;
}

}  // namespace mongoelector::cli
