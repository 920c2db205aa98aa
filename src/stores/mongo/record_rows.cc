#include "stores/mongo/record_rows.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/records.h"
#include "mongoelector/error.h"

namespace mongoelector::internal::mongo {

namespace {

using std::chrono::milliseconds;

Bson id_of(const Key& key, std::uint64_t token) {
  return object({{"key", key.name()}, {"token", Timestamp{token}}});
}

// What gives no way to a row that ended so.
List as_final_as(EndedBy ended_by) {
  std::vector<std::string_view> words;
  for (const EndedBy one : kEndings) {
    if (finality(one) >= finality(ended_by)) words.push_back(to_string(one));
  }
  return list(words);
}

Bson stepdown_document(const StepDown& asked) {
  return object({{"uuid", asked.uuid},
                 {"to", asked.to},
                 {"at", date_of(asked.at)},
                 {"until", date_of(asked.until)},
                 {"reason", asked.reason},
                 {"by", asked.by}});
}

std::optional<StepDown> decode_stepdown(const bson_t& document) {
  const auto at = wall_time(document, "at");
  const auto until = wall_time(document, "until");
  if (!at || !until) return std::nullopt;
  return StepDown{.uuid = text(document, "uuid").value_or(""),
                  .to = text(document, "to").value_or(""),
                  .at = *at,
                  .until = *until,
                  .reason = text(document, "reason").value_or(""),
                  .by = text(document, "by").value_or("")};
}

std::optional<Pause> decode_pause(const bson_t& document) {
  const auto until = wall_time(document, "until");
  if (!until) return std::nullopt;
  return Pause{.until = *until,
               .reason = text(document, "reason").value_or(""),
               .by = text(document, "by").value_or("")};
}

}  // namespace

Bson term_command(const std::string& collection, const TermRow& row) {
  const auto blur = std::chrono::ceil<milliseconds>(row.blur).count();
  Bson fixed = object({{"_id", id_of(row.key, row.token.value())},
                       {"number", static_cast<std::int64_t>(row.number)},
                       {"uuid", row.holder.uuid},
                       {"host", row.holder.host},
                       {"pid", row.holder.pid},
                       {"label", row.holder.label},
                       {"start", date_of(row.start)},
                       {"end", row.end ? Value(date_of(*row.end)) : Value(Null{})},
                       {"ended_by", to_string(row.ended_by)},
                       {"reason", row.reason},
                       {"by", row.by},
                       {"blur_ms", std::int64_t{blur}}});
  Bson written = object({{"$mergeObjects", list({literal(std::move(fixed)),
                                                 object({{"ts_written", "$$NOW"}})})}});
  Bson final = object({{"$in", list({"$ended_by", as_final_as(row.ended_by)})}});
  Bson chosen =
      object({{"$cond", list({std::move(final), "$$ROOT", std::move(written)})}});
  Bson statement = object({{"q", object({{"_id", id_of(row.key, row.token.value())}})},
                           {"u", list({object({{"$replaceWith", std::move(chosen)}})})},
                           {"upsert", true}});
  return object({{"update", collection}, {"updates", list({std::move(statement)})}});
}

bool term_written(const bson_t& reply) {
  return integer(reply, "nModified").value_or(0) > 0 || part(reply, "upserted").has_value();
}

Bson terms_filter(const Key& key, WallTime since) {
  constexpr auto kLast = std::numeric_limits<std::uint64_t>::max();
  Bson ids = object({{"$gte", id_of(key, 0)}, {"$lte", id_of(key, kLast)}});
  Bson recent = object({{"end", object({{"$gte", date_of(since)}})}});
  return object({{"_id", std::move(ids)},
                 {"$or", list({object({{"end", Null{}}}), std::move(recent)})}});
}

Bson newest_first(std::size_t limit) {
  constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();
  return object({{"sort", object({{"_id", std::int32_t{-1}}})},
                 {"limit", static_cast<std::int64_t>(std::min(limit, kMost))}});
}

std::optional<TermRow> decode_term(const Key& key, const bson_t& document) {
  const auto id = part(document, "_id");
  const auto token = id ? timestamp(**id, "token") : std::nullopt;
  const auto start = wall_time(document, "start");
  const auto ended_by = parse_ended_by(text(document, "ended_by").value_or(""));
  if (!token || !start || !ended_by) return std::nullopt;
  constexpr std::int64_t kLongestBlurMs = 24 * 3600 * 1000;
  const std::int64_t blur = integer(document, "blur_ms").value_or(0);
  return TermRow{
      .key = key,
      .token = Token(token->value),
      .number = static_cast<std::uint64_t>(
          std::max(integer(document, "number").value_or(0), std::int64_t{0})),
      .holder = Holder{.uuid = text(document, "uuid").value_or(""),
                       .host = text(document, "host").value_or(""),
                       .pid = integer(document, "pid").value_or(0),
                       .label = text(document, "label").value_or("")},
      .start = *start,
      .end = wall_time(document, "end"),
      .ended_by = *ended_by,
      .reason = text(document, "reason").value_or(""),
      .by = text(document, "by").value_or(""),
      .blur = milliseconds(std::clamp(blur, std::int64_t{0}, kLongestBlurMs))};
}

Bson control_command(const std::string& collection, const ControlRow& row) {
  const bool first = row.version == 0;
  const auto version = static_cast<std::int64_t>(row.version);
  std::vector<std::string_view> cordoned(row.cordoned.begin(), row.cordoned.end());
  Bson document = object({{"_id", row.key.name()},
                          {"version", version + 1},
                          {"cordoned", list(cordoned)}});
  if (row.stepdown) append(document, {"stepdown", stepdown_document(*row.stepdown)});
  if (row.pause) {
    append(document, {"pause", object({{"until", date_of(row.pause->until)},
                                       {"reason", row.pause->reason},
                                       {"by", row.pause->by}})});
  }
  Bson seen = object({{"_id", row.key.name()}});
  append(seen, {"version", first ? Value(object({{"$exists", false}})) : Value(version)});
  Bson statement =
      object({{"q", std::move(seen)}, {"u", std::move(document)}, {"upsert", first}});
  return object({{"update", collection}, {"updates", list({std::move(statement)})}});
}

Bson with_time() {
  return object({{"projection", object({{"_id", false}, {"doc", "$$ROOT"}, {"now", "$$NOW"}})}});
}

std::optional<ControlRow> decode_control(const Key& key, const bson_t& document) {
  const std::int64_t version = integer(document, "version").value_or(0);
  // The next version must be expressible too.
  if (version <= 0 || version == std::numeric_limits<std::int64_t>::max()) return std::nullopt;
  ControlRow row{.key = key, .version = static_cast<std::uint64_t>(version)};
  if (const auto asked = part(document, "stepdown")) {
    row.stepdown = decode_stepdown(**asked);
    if (!row.stepdown) return std::nullopt;
  }
  if (const auto pause = part(document, "pause")) {
    row.pause = decode_pause(**pause);
    if (!row.pause) return std::nullopt;
  }
  const auto members = part(document, "cordoned");
  for (int i = 0; members; ++i) {
    const auto member = text(**members, std::to_string(i).c_str());
    if (!member) break;
    row.cordoned.push_back(*member);
  }
  return row;
}

Bson waiters_command(const std::string& collection, const WaitersRow& row) {
  const auto id = [&] { return object({{"key", row.key.name()}, {"uuid", row.uuid}}); };
  Bson own = object({{"_id", id()}});
  if (row.waiting <= 0) {
    Bson stale = object({{"$expr", object({{"$lte", list({"$ts_expire", "$$NOW"})}})}});
    return object({{"delete", collection},
                   {"deletes", list({object({{"q", std::move(own)}, {"limit", std::int32_t{1}}}),
                                     object({{"q", std::move(stale)},
                                             {"limit", std::int32_t{0}}})})}});
  }
  const std::int64_t ttl_ms = std::chrono::ceil<milliseconds>(row.ttl).count();
  Bson fixed = object({{"_id", id()}, {"waiting", row.waiting}});
  Bson expiry = object({{"ts_expire", object({{"$add", list({"$$NOW", ttl_ms})}})}});
  Bson written = object({{"$mergeObjects", list({literal(std::move(fixed)), std::move(expiry)})}});
  Bson statement = object({{"q", std::move(own)},
                           {"u", list({object({{"$replaceWith", std::move(written)}})})},
                           {"upsert", true}});
  return object({{"update", collection}, {"updates", list({std::move(statement)})}});
}

Bson waiters_filter() {
  return object({{"$expr", object({{"$gt", list({"$ts_expire", "$$NOW"})}})}});
}

void count_waiters(const std::string& prefix, const bson_t& document,
                   std::map<Key, std::int64_t>& waiting) {
  const auto id = part(document, "_id");
  const auto name = id ? text(**id, "key") : std::nullopt;
  const std::int64_t count = integer(document, "waiting").value_or(0);
  if (!name || !name->starts_with(prefix) || count <= 0 || count > kMostWaiters) return;
  try {
    waiting[Key::lock(*name)] += count;
  } catch (const ArgumentError&) {
    // Not a name that this library would have written.
  }
}

}  // namespace mongoelector::internal::mongo
