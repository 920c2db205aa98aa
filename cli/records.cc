#include "cli/records.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "mongoelector/error.h"

namespace mongoelector::cli {

Target parse_target(std::string_view text, std::optional<Kind> only) {
  Target target{only, {}};
  for (const Kind kind : {Kind::lock, Kind::election}) {
    const std::string prefix = fmt::format("{}/", to_string(kind));
    if (only.value_or(kind) != kind || !text.starts_with(prefix)) continue;
    target.kind = kind;
    text.remove_prefix(prefix.size());
    break;
  }
  target.name = Key(target.kind.value_or(Kind::lock), text).name();
  return target;
}

std::optional<std::map<Key, std::int64_t>> ask_waiters(LeaseStore& store,
                                                       const std::string& prefix) {
  WaitersReply reply = store.waiters(prefix);
  if (reply.outcome == Outcome::denied) return std::nullopt;
  require_answer(reply.outcome, reply.detail, "who waits for locks");
  return std::move(reply.waiting);
}

std::int64_t waiting_for(const std::map<Key, std::int64_t>& waiting, const Key& key) {
  const auto found = waiting.find(key);
  return found == waiting.end() ? 0 : found->second;
}

void require_answer(Outcome outcome, const std::string& detail, const std::string& what) {
  if (outcome == Outcome::granted) return;
  throw StoreError(outcome,
                   fmt::format("{}: {}", what, detail.empty() ? to_string(outcome) : detail));
}

namespace {

std::optional<Record> read(LeaseStore& store, const Key& key) {
  ReadReply reply = store.read(key);
  require_answer(reply.outcome, reply.detail, "reading " + internal::show_key(key));
  return std::move(reply.record);
}

}  // namespace

Found find_records(LeaseStore& store, const Target& target) {
  Found found;
  if (target.kind != Kind::election) found.lock = read(store, Key::lock(target.name));
  if (target.kind != Kind::lock) found.election = read(store, Key::election(target.name));
  return found;
}

std::optional<Record> find_record(LeaseStore& store, const Target& target) {
  Found found = find_records(store, target);
  if (found.lock && found.election) {
    throw Failure(Exit::usage,
                  fmt::format("there is a lock and an election {}", internal::quoted(target.name)),
                  fmt::format("say lock/{0} or election/{0}", shown(target.name)));
  }
  return found.lock ? std::move(found.lock) : std::move(found.election);
}

void add_token(Flags& flags, const std::string& name, std::optional<Token>& token,
               const std::string& description) {
  const auto set = [name, &token](const std::string& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value == 0)
      throw Failure(Exit::usage, fmt::format("{} {} is not a token", name, internal::quoted(text)));
    token = Token(value);
  };
  flags.add_option(name, set, description).type_name("N");
}

Record find_lease(LeaseStore& store, const std::string& name, const Target& target,
                  std::optional<Token> wanted) {
  auto record = find_record(store, target);
  if (!record || !live(*record)) {
    const std::string what = record ? internal::show_key(record->key) : internal::quoted(name);
    throw Failure(Exit::no, fmt::format("nobody holds {}", what));
  }
  if (!wanted || record->token == *wanted) return std::move(*record);
  const std::string why = record->token.known()
                              ? fmt::format("its token is {}, not {}", to_string(record->token),
                                            to_string(*wanted))
                              : "its token is not at the store before its first renewal";
  throw Failure(Exit::busy,
                fmt::format("{} is held by {}; {}", internal::show_key(record->key),
                            describe_holder(*record), why),
                {}, holder_json(record->holder));
}

bool live(const Record& record) {
  return record.remaining > Duration::zero() && !record.claimable;
}

std::string holder_name(const Holder& holder) {
  return shown(holder.label.empty() ? holder.host : holder.label);
}

std::string holder_name(const Record& record) { return holder_name(record.holder); }

std::string short_id(const std::string& uuid) { return uuid.substr(0, 4); }

std::string describe_holder(const Holder& holder) {
  return fmt::format("{} (pid {}, id {})", holder_name(holder), holder.pid,
                     shown(short_id(holder.uuid)));
}

std::string describe_holder(const Record& record) { return describe_holder(record.holder); }

std::string brief(Duration value) {
  value = std::max(value, Duration::zero());
  if (value < std::chrono::minutes(1)) return fmt::format("{:.1f}s", internal::seconds(value));
  return internal::show_duration(std::chrono::floor<std::chrono::seconds>(value));
}

Duration held_for(const Record& record) {
  const Duration granted = record.expires_at - record.created_at;
  return std::max(granted - record.remaining, Duration::zero());
}

std::optional<Duration> since_renewal(const Record& record) {
  if (record.ttl <= Duration::zero()) return std::nullopt;
  return std::max(record.ttl - record.remaining, Duration::zero());
}

bool seems_alive(const Record& record) {
  // Renewals come every ttl/5 unless somebody chose otherwise; three of them missed is a sign.
  const auto renewed = since_renewal(record);
  return !renewed || *renewed < record.ttl * 3 / 5;
}

std::string last_sign(const Record& record) {
  const auto renewed = since_renewal(record);
  return fmt::format("renewed {} ago, lease ends in {}",
                     renewed ? brief(*renewed) : "an unknown time", brief(record.remaining));
}

std::string show_token(Token token) { return token.known() ? to_string(token) : "not known yet"; }

Json token_json(Token token) { return token.known() ? Json(to_string(token)) : Json(nullptr); }

Json seconds_json(Duration value) {
  // Milliseconds are what the stores know.
  return internal::seconds(std::chrono::floor<std::chrono::milliseconds>(value));
}

Json time_json(WallTime value) { return internal::rfc3339(value); }

Json holder_json(const Holder& holder, const std::string& version) {
  return {{"label", holder.label.empty() ? holder.host : holder.label},
          {"host", holder.host},
          {"pid", holder.pid},
          {"id", short_id(holder.uuid)},
          {"version", version.empty() ? Json(nullptr) : Json(version)}};
}

Json store_json(const Connection& connection, const StoreInfo& info) {
  return {{"kind", info.kind},
          {"uri", connection.uri},
          {"topology", info.topology},
          {"shared", connection.session->store().shared()}};
}

void add_holding(Json& object, const std::optional<Record>& record, const std::string& version) {
  object["holder"] = nullptr;
  object["token"] = nullptr;
  object["acquired_at"] = nullptr;
  object["held_for_seconds"] = nullptr;
  if (record) {
    object["holder"] = holder_json(record->holder, version);
    object["token"] = token_json(record->token);
    object["acquired_at"] = time_json(record->created_at);
    object["held_for_seconds"] = seconds_json(held_for(*record));
  }
  add_lease(object, record);
  const bool noted = record && !record->holder.note.empty();
  object["note"] = noted ? Json(record->holder.note) : Json(nullptr);
}

void add_lease(Json& object, const std::optional<Record>& record) {
  object["lease_ttl_seconds"] = nullptr;
  object["lease_remaining_seconds"] = nullptr;
  object["renewed_at"] = nullptr;
  if (!record) return;
  object["lease_remaining_seconds"] = seconds_json(std::max(record->remaining, Duration::zero()));
  if (record->ttl <= Duration::zero()) return;
  object["lease_ttl_seconds"] = seconds_json(record->ttl);
  // A renewal sets the expiry to its own time plus ttl.
  object["renewed_at"] = time_json(
      record->expires_at - std::chrono::duration_cast<WallTime::duration>(record->ttl));
}

}  // namespace mongoelector::cli
