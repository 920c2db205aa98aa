#include "cli/views.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

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

StoreInfo ask_info(const Connection& connection) {
  StoreInfo info = connection.session->store().info();
  require_answer(info.outcome, info.detail, "asking the store about itself");
  return info;
}

}  // namespace

LockView::LockView(const Connection& connection, Key key, std::optional<Record> record)
    : connection_(connection), key_(std::move(key)), record_(std::move(record)) {}

std::string LockView::text() const {
  const bool held = record_ && live(*record_);
  std::string out = line("lock", shown(key_.name()), held ? "HELD" : "FREE");
  if (held) {
    out += line("holder", describe_holder(*record_), holding(*record_));
    out += lease_line(*record_) + note_line(*record_);
  } else if (record_) {
    out += last_line(*record_);
  }
  return out;
}

Json LockView::json() const {
  const auto holder = record_ && live(*record_) ? record_ : std::nullopt;
  Json lock{{"name", key_.name()}, {"state", holder ? "held" : "free"}};
  add_holding(lock, holder);
  Json document = new_document("mongoelector.lock/1");
  document["store"] = store_json(connection_, ask_info(connection_));
  document["lock"] = std::move(lock);
  return document;
}

ElectionView::ElectionView(const Connection& connection, Key key, std::optional<Record> record)
    : connection_(connection),
      key_(std::move(key)),
      record_(std::move(record)),
      info_(ask_info(connection)),
      now_(info_.time.value_or(connection.session->clock().wall())) {
  MembersReply reply = connection.session->store().members(key_);
  require_answer(reply.outcome, reply.detail, "members of " + internal::show_key(key_));
  members_ = std::move(reply.members);
}

bool ElectionView::leads(const NodeStatus& member) const {
  return led() && member.uuid == record_->holder.uuid;
}

Duration ElectionView::age(const NodeStatus& member) const {
  return std::max<Duration>(now_ - member.timestamp, Duration::zero());
}

bool ElectionView::stale(const NodeStatus& member) const {
  return age(member) > kStaleAfterTtls * member.ttl;
}

std::string ElectionView::standbys() const {
  std::string names;
  int fresh = 0;
  int old = 0;
  for (const NodeStatus& member : members_) {
    if (leads(member)) continue;
    if (stale(member)) {
      ++old;
      continue;
    }
    ++fresh;
    names += (names.empty() ? "" : ", ") + shown(member.label.empty() ? member.host : member.label);
  }
  std::string text = std::to_string(fresh);
  if (fresh > 0) text += " (" + names + ")";
  if (old > 0) text += fmt::format(", {} stale", old);
  return text;
}

std::string ElectionView::text() const {
  std::string out = line("election", shown(key_.name()), led() ? "HEALTHY" : "NO LEADER");
  if (led()) {
    out += line("leader", describe_holder(*record_), holding(*record_));
    out += lease_line(*record_) + note_line(*record_);
  } else if (record_) {
    out += last_line(*record_);
  }
  return out + line("standbys", standbys());
}

Json ElectionView::leader_json() const {
  if (!led()) return nullptr;
  const auto row = std::find_if(members_.begin(), members_.end(),
                                [&](const NodeStatus& member) { return leads(member); });
  return holder_json(record_->holder, row == members_.end() ? "" : row->app_version);
}

Json ElectionView::member_json(const NodeStatus& member) const {
  const Holder node{member.uuid, member.host, member.pid, member.label};
  Json json = holder_json(node, member.app_version);
  json["role"] = leads(member) ? "leader" : "standby";
  json["state"] = stale(member) ? "stale" : "ok";
  json["seen_seconds_ago"] = seconds_json(age(member));
  // Not recorded by this version.
  for (const char* key : {"clock_offset_seconds", "clock_offset_error_seconds", "priority",
                          "cordoned", "note"}) {
    json[key] = nullptr;
  }
  return json;
}

Json ElectionView::json() const {
  const auto holder = led() ? record_ : std::nullopt;
  Json election{{"name", key_.name()},
                {"health", led() ? "healthy" : "no_leader"},
                {"reasons", Json::array()},
                {"leader", leader_json()},
                {"term", nullptr},
                {"token", holder ? token_json(holder->token) : Json(nullptr)},
                {"elected_at", holder ? time_json(holder->created_at) : Json(nullptr)},
                {"leading_for_seconds", holder ? seconds_json(held_for(*holder)) : Json(nullptr)}};
  if (!led()) election["reasons"].push_back(record_ ? "lease_expired" : "no_lease");
  add_lease(election, holder);
  // The bound is ttl plus the standbys' poll, which no record tells; the rest needs a history.
  for (const char* key : {"takeover_bound_seconds", "transitions_total", "transitions_24h",
                          "paused", "scheduled"}) {
    election[key] = nullptr;
  }
  election["members"] = Json::array();
  for (const NodeStatus& member : members_) election["members"].push_back(member_json(member));
  Json document = new_document("mongoelector.election/1");
  document["store"] = store_json(connection_, info_);
  document["election"] = std::move(election);
  return document;
}

}  // namespace mongoelector::cli
