#include "stores/mongo/lock_documents.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "base/text.h"
#include "mongoelector/error.h"
#include "mongoelector/options.h"

namespace mongoelector::internal::mongo {

namespace {

constexpr std::int32_t kVersion = 1;
// The ttl that a look without a claim has in mind: an elector's default.
constexpr Duration kUsualTtl = std::chrono::seconds(15);

std::int64_t ms_of(Duration value) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(value).count();
}

WallTime wall(Date date) { return WallTime(expressible(date.ms)); }

Bson type_of(std::string_view field) { return object({{"$type", field}}); }
Bson operation(std::string_view name, std::initializer_list<Value> operands) {
  return object({{name, list(operands)}});
}

Value pid_value(std::int64_t pid) {
  if (pid >= std::numeric_limits<std::int32_t>::min() &&
      pid <= std::numeric_limits<std::int32_t>::max())
    return static_cast<std::int32_t>(pid);
  return pid;
}

// A document of ours that damage_of() finds nothing wrong with and whose `field` is `value`.
// Comparing lists compares types too, so a field of a wrong type never matches.
Bson ours_with(std::string_view field, Value value) {
  return operation("$eq", {list({"$v", type_of("$uuid"), type_of("$ts_expire"),
                                 type_of("$lease_id"), type_of("$ttl_ms"), field}),
                           literal(list({kVersion, "string", "date", "string", "long",
                                         std::move(value)}))});
}

Bson ours_standing_still(const RecordMark& mark) {
  const Date expires{static_cast<std::int64_t>(mark.version)};
  return operation("$and", {operation("$eq", {"$lease_id", literal(mark.owner)}),
                            operation("$eq", {operation("$ifNull", {"$judge", ""}),
                                              literal(mark.judge)}),
                            ours_with("$ts_expire", expires)});
}

Bson pythons() {
  return operation("$eq", {list({type_of("$v"), type_of("$uuid"), type_of("$ts_expire")}),
                           literal(list({"missing", "string", "date"}))});
}

Bson pythons_standing_still(const RecordMark& mark) {
  return operation("$eq", {list({type_of("$v"), "$uuid", "$ts_expire"}),
                           literal(list({"missing", mark.owner,
                                         Date{static_cast<std::int64_t>(mark.version)}}))});
}

// The ways an expired document may be taken, as an $or.
Bson expired_condition(const Judging& judging, const std::optional<RecordMark>& mark,
                       Duration grace) {
  const auto expired = [] { return operation("$lte", {"$ts_expire", "$$NOW"}); };
  const auto expired_and_grace = [&] {
    return operation("$lte", {"$ts_expire", operation("$subtract", {"$$NOW", ms_of(grace)})});
  };
  List ways;
  std::uint32_t count = 0;
  const auto add = [&](Bson is_expired, Bson is_such) {
    append(ways.items, {std::to_string(count++),
                        operation("$and", {std::move(is_expired), std::move(is_such)})});
  };
  if (judging.by_clock()) {
    add(expired(), ours_with("$judge", judging.judge));
    add(expired_and_grace(), pythons());
  }
  if (mark) {
    add(expired(), ours_standing_still(*mark));
    if (!judging.by_clock()) add(expired_and_grace(), pythons_standing_still(*mark));
  }
  return object({{"$or", std::move(ways)}});
}

Bson free_condition(const ClaimRequest& request, const Judging& judging) {
  return operation(
      "$or",
      {operation("$eq", {list({type_of("$uuid"), type_of("$ts_expire")}),
                         literal(list({"missing", "missing"}))}),
       operation("$eq", {"$lease_id", literal(request.lease_id.str())}),
       expired_condition(judging, request.stood_still, python_grace(request.ttl))});
}

// The document of a new lease. `_id` stays what the query says.
Bson lease_document(const ClaimRequest& request, const std::string& judge) {
  Bson fixed = object({{"locked", true},
                       {"host", request.holder.host},
                       {"uuid", request.holder.uuid},
                       {"pid", pid_value(request.holder.pid)},
                       {"lease_id", request.lease_id.str()},
                       {"ttl_ms", ms_of(request.ttl)},
                       {"v", kVersion},
                       {"judge", judge}});
  if (!request.holder.label.empty()) append(fixed, {"label", request.holder.label});
  if (!request.holder.note.empty()) append(fixed, {"note", request.holder.note});
  Bson repeated = operation("$eq", {"$lease_id", literal(request.lease_id.str())});
  Bson times = object(
      {{"ts_created", operation("$cond", {std::move(repeated), "$ts_created", "$$NOW"})},
       {"ts_expire", operation("$add", {"$$NOW", ms_of(request.ttl)})}});
  return operation("$mergeObjects", {literal(std::move(fixed)), std::move(times)});
}

Bson extension(Duration ttl, const std::string& judge, Token token) {
  Bson changed = object({{"ts_expire", operation("$add", {"$$NOW", ms_of(ttl)})},
                         {"ttl_ms", literal(ms_of(ttl))},
                         {"judge", literal(judge)}});
  if (token.known()) append(changed, {"token", literal(Timestamp{token.value()})});
  return object({{"$set", std::move(changed)}});
}

Bson unexpired() { return operation("$gt", {"$ts_expire", "$$NOW"}); }

std::vector<std::string_view> keys_of(std::span<const Lease* const> leases) {
  std::vector<std::string_view> keys;
  for (const Lease* lease : leases) keys.push_back(lease->key.name());
  return keys;
}

std::vector<std::string_view> ids_of(std::span<const Lease* const> leases) {
  std::vector<std::string_view> ids;
  for (const Lease* lease : leases) ids.push_back(lease->id.str());
  return ids;
}

// What makes a document one that nobody may take or show.
std::optional<std::string> damage_of(const bson_t& document) {
  if (!text(document, "uuid")) return "its uuid is missing or no string";
  if (!date(document, "ts_expire")) return "its ts_expire is missing or no date";
  if (!field(document, "v")) return std::nullopt;  // a Python client's
  if (number(document, "v") != kVersion) return "it is of a version this program does not know";
  if (!text(document, "lease_id")) return "its lease_id is missing or no string";
  const auto ttl = field(document, "ttl_ms");
  if (!ttl || !BSON_ITER_HOLDS_INT64(&ttl->at)) return "its ttl_ms is missing or no int64";
  return std::nullopt;
}

}  // namespace

Duration python_grace(Duration ttl) { return std::max<Duration>(std::chrono::seconds(1), ttl / 2); }

Bson claim_command(const std::string& collection, const ClaimRequest& request,
                   const Judging& judging) {
  Bson mine = lease_document(request, judging.judge);
  if (!request.force) {
    mine = operation("$cond", {free_condition(request, judging), std::move(mine), "$$ROOT"});
  }
  return object({{"findAndModify", collection},
                 {"query", key_filter(request.key.name())},
                 {"update", list({object({{"$replaceWith", std::move(mine)}})})},
                 {"upsert", true},
                 {"new", true}});
}

Bson renew_command(const std::string& collection, const Renewal& renewal,
                   const std::string& judge) {
  List statements;
  std::uint32_t count = 0;
  const auto add = [&](Bson which, Bson change, bool many) {
    // Without the hint the server also tries the index on ts_expire, which fits the condition: a
    // batch then takes twice as long.
    Bson by_id = object({{"_id", std::int32_t{1}}});
    append(statements.items, {std::to_string(count++), object({{"q", std::move(which)},
                                                               {"u", list({std::move(change)})},
                                                               {"multi", many},
                                                               {"hint", std::move(by_id)}})});
  };
  std::map<Duration, std::vector<const Lease*>> groups;
  for (const Lease* lease : renewal.leases) groups[lease->ttl].push_back(lease);
  for (const auto& [ttl, leases] : groups)
    add(leases_filter(leases), extension(ttl, judge, Token()), true);
  for (const Lease* lease : renewal.unmarked) {
    add(object({{"_id", lease->key.name()},
                {"lease_id", lease->id.str()},
                {"locked", true},
                {"$expr", unexpired()}}),
        extension(lease->ttl, judge, lease->token), false);
  }
  return object({{"update", collection}, {"updates", std::move(statements)}, {"ordered", false}});
}

Bson delete_command(const std::string& collection, std::string_view key, std::string_view field,
                    std::string_view value) {
  return object({{"delete", collection},
                 {"deletes", list({object({{"q", object({{"_id", key}, {field, value}})},
                                           {"limit", std::int32_t{1}}})})}});
}

Bson shown_as_rows(const Judging& judging) {
  return object({{"projection", object({{"_id", false},
                                        {"doc", "$$ROOT"},
                                        {"now", "$$NOW"},
                                        {"free", expired_condition(judging, std::nullopt,
                                                                   python_grace(kUsualTtl))}})},
                 {"sort", object({{"_id", std::int32_t{1}}})}});
}

Bson key_filter(std::string_view key) { return object({{"_id", key}}); }

Bson prefix_filter(const std::string& prefix) {
  if (prefix.empty()) return {};
  // No key that begins with the prefix sorts after the prefix and as many of the last code point
  // as fit into a key.
  std::string last = prefix;
  while (last.size() < Key::kMaxBytes) last += "\U0010FFFF";
  return object({{"_id", object({{"$gte", prefix}, {"$lte", last}})}});
}

Bson leases_filter(std::span<const Lease* const> leases) {
  // A lease_id is never used twice, so the two lists cannot match a pair that is none of ours.
  return object({{"_id", object({{"$in", list(keys_of(leases))}})},
                 {"lease_id", object({{"$in", list(ids_of(leases))}})},
                 {"locked", true},
                 {"$expr", unexpired()}});
}

Decoded decode(Kind kind, const bson_t& document) {
  if (!field(document, "uuid") && !field(document, "ts_expire")) return Vacant{};
  if (const auto why = damage_of(document)) return Damaged{*why};
  const auto name = text(document, "_id");
  if (!name) return Damaged{"its _id is no string"};
  try {
    const Date expires = *date(document, "ts_expire");
    return Record{
        .key = Key(kind, *name),
        .holder = Holder{.uuid = *text(document, "uuid"),
                         .host = text(document, "host").value_or(""),
                         .pid = whole(document, "pid").value_or(0),
                         .label = text(document, "label").value_or(""),
                         .note = text(document, "note").value_or("")},
        .lease_id = LeaseId(text(document, "lease_id").value_or("")),
        .token = Token(timestamp(document, "token").value_or(Timestamp{0}).value),
        .ttl = std::clamp<Duration>(expressible(integer(document, "ttl_ms").value_or(0)),
                                    Duration(0), kLargestTtl),
        .version = static_cast<std::uint64_t>(expires.ms),
        .judge = text(document, "judge").value_or(""),
        .created_at = wall(date(document, "ts_created").value_or(Date{0})),
        .expires_at = wall(expires)};
  } catch (const ArgumentError& error) {
    return Damaged{error.what()};
  }
}

Decoded decode_row(Kind kind, const bson_t& row) {
  const auto document = part(row, "doc");
  const auto now = date(row, "now");
  if (!document || !now) return Damaged{"the server did not show it as asked"};
  Decoded decoded = decode(kind, **document);
  if (auto* record = std::get_if<Record>(&decoded)) {
    record->remaining = record->expires_at - wall(*now);
    record->claimable = truth(row, "free");
  }
  return decoded;
}

std::string named(Kind kind, const bson_t& document) {
  const std::string what(to_string(kind));
  const auto name = text(document, "_id");
  return name ? what + " " + quoted(*name) : "a record of a " + what + " whose _id is no string";
}

}  // namespace mongoelector::internal::mongo
