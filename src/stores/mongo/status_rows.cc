#include "stores/mongo/status_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace mongoelector::internal::mongo {

namespace {

Value time_value(const std::optional<WallTime>& time) {
  if (!time) return Null{};
  return date_of(*time);
}

// Python writes whole seconds as an int, anything else as a double.
Value ttl_value(Duration ttl) {
  const double seconds = std::chrono::duration<double>(ttl).count();
  if (seconds == std::trunc(seconds) && seconds <= std::numeric_limits<std::int32_t>::max())
    return static_cast<std::int32_t>(seconds);
  return seconds;
}

Duration ttl_of(double seconds) {
  if (!(seconds > 0)) return Duration{};  // not a number, too
  const std::chrono::duration<double> largest(kLargestTtl);
  return std::chrono::duration_cast<Duration>(
      std::min(largest, std::chrono::duration<double>(seconds)));
}

Value pid_value(std::int64_t pid) {
  if (pid <= std::numeric_limits<std::int32_t>::max()) return static_cast<std::int32_t>(pid);
  return pid;
}

void append_clock(Bson& row, const NodeStatus::ClockOffset& clock) {
  using std::chrono::milliseconds;
  append(row, {"clock_offset_ms",
               static_cast<std::int64_t>(std::chrono::round<milliseconds>(clock.offset).count())});
  append(row, {"clock_error_ms",
               static_cast<std::int64_t>(std::chrono::ceil<milliseconds>(clock.error).count())});
}

std::optional<NodeStatus::ClockOffset> clock_of(const bson_t& document) {
  const auto offset = integer(document, "clock_offset_ms");
  const auto error = integer(document, "clock_error_ms");
  if (!offset || !error) return std::nullopt;
  // A row may say anything; bounded first, nothing overflows later.
  constexpr auto kMostMs = std::chrono::floor<std::chrono::milliseconds>(kLargestTtl).count();
  return NodeStatus::ClockOffset{
      .offset = std::chrono::milliseconds(std::clamp<std::int64_t>(*offset, -kMostMs, kMostMs)),
      .error = std::chrono::milliseconds(std::clamp<std::int64_t>(*error, 0, kMostMs))};
}

}  // namespace

std::vector<std::string> status_collections(PythonFleet fleet) {
  static const std::string kOld = "elector.status";
  static const std::string kNew = "elector.leader_status";
  switch (fleet) {
    case PythonFleet::none:
    case PythonFleet::v0: return {kOld};
    case PythonFleet::v1: return {kNew};
    case PythonFleet::both: return {kOld, kNew};
  }
  return {kOld};
}

Bson report_command(const std::string& collection, const NodeStatus& row) {
  // Both names of the flag: a row without the one it knows breaks cluster_detail of Python 0.x.
  Bson fixed = object({{"uuid", row.uuid},
                       {"key", row.key.name()},
                       {"host", row.host},
                       {"pid", pid_value(row.pid)},
                       {"ttl", ttl_value(row.ttl)},
                       {"lock_owned", row.lock_owned},
                       {"lock_created", time_value(row.lock_created)},
                       {"lock_expires", time_value(row.lock_expires)},
                       {"ismaster", row.ismaster},
                       {"is_leader", row.ismaster},
                       {"elector_running", row.elector_running},
                       {"last_poll", time_value(row.last_poll)},
                       {"priority", static_cast<std::int32_t>(row.priority)}});
  if (!row.app_version.empty()) append(fixed, {"app_version", row.app_version});
  if (!row.label.empty()) append(fixed, {"label", row.label});
  if (row.clock) append_clock(fixed, *row.clock);
  Bson written = object({{"$replaceWith", object({{"$mergeObjects",
                                                   list({literal(std::move(fixed)),
                                                         object({{"timestamp", "$$NOW"}})})}})}});
  return object({{"findAndModify", collection},
                 {"query", object({{"_id", row.uuid}})},
                 {"update", list({std::move(written)})},
                 {"upsert", true},
                 {"new", true}});
}

std::optional<WallTime> reported_at(const bson_t& reply) {
  const auto row = part(reply, "value");
  return row ? wall_time(**row, "timestamp") : std::nullopt;
}

Bson members_filter(const Key& key) { return object({{"key", key.name()}}); }

Bson freshest_first() {
  return object({{"sort", object({{"timestamp", std::int32_t{-1}}})}});
}

NodeStatus decode_status(const Key& key, const bson_t& document) {
  return {.uuid = text(document, "uuid").value_or(""),
          .key = key,
          .host = text(document, "host").value_or(""),
          .pid = whole(document, "pid").value_or(0),
          .ttl = ttl_of(number(document, "ttl").value_or(0)),
          .timestamp = wall_time(document, "timestamp").value_or(WallTime{}),
          .ismaster = truth(document, "ismaster") || truth(document, "is_leader"),
          .lock_owned = truth(document, "lock_owned"),
          .lock_created = wall_time(document, "lock_created"),
          .lock_expires = wall_time(document, "lock_expires"),
          .elector_running = truth(document, "elector_running"),
          .last_poll = wall_time(document, "last_poll"),
          .app_version = text(document, "app_version").value_or(""),
          .label = text(document, "label").value_or(""),
          .priority = static_cast<int>(
              std::clamp<std::int64_t>(integer(document, "priority").value_or(0), kLowestPriority,
                                       0)),
          .clock = clock_of(document)};
}

}  // namespace mongoelector::internal::mongo
