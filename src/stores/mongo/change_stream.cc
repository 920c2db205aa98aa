#include "stores/mongo/change_stream.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "mongoelector/error.h"

namespace mongoelector::internal::mongo {

namespace {

// What a database's stream calls its collection in getMore and killCursors.
constexpr std::string_view kStream = "$cmd.aggregate";

constexpr int kOnlyReplicaSets = 40573;
constexpr std::array kHistoryLost{286,   // ChangeStreamHistoryLost
                                  280,   // ChangeStreamFatalError
                                  260,   // InvalidResumeToken
                                  136};  // CappedPositionLost

Bson in(std::initializer_list<Value> values) { return object({{"$in", list(values)}}); }

constexpr std::string_view kExpiry = "updateDescription.updatedFields.ts_expire";

// Adding a collection whose changes matter means adding a line.
Bson wanted(const Names& names, const std::vector<Key>& followed) {
  const auto ours = [&] { return in({names.locks, names.elections}); };
  std::vector<std::string_view> elections;
  for (const Key& key : followed) elections.push_back(key.name());
  return object({{"$or", list({
      object({{"operationType", in({"delete", "drop", "rename"})}, {"ns.coll", ours()}}),
      object({{"operationType", "rename"}, {"to.coll", ours()}}),
      object({{"operationType", in({"insert", "update", "replace"})}, {"ns.coll", names.control}}),
      object({{"operationType", in({"dropDatabase", "invalidate"})}}),
      object({{"operationType", "update"},
              {"ns.coll", names.elections},
              {"documentKey._id", object({{"$in", list(elections)}})},
              {kExpiry, object({{"$exists", true}})}}),
  })}});
}

// The key of a document, if it can have been one of ours.
std::optional<Key> key_of(const Names& names, const bson_t& event) {
  const auto document_key = part(event, "documentKey");
  const auto name = document_key ? text(**document_key, "_id") : std::nullopt;
  const auto where = part(event, "ns");
  if (!name || !where) return std::nullopt;
  const bool election = text(**where, "coll") == names.elections;
  try {
    return Key(election ? Kind::election : Kind::lock, *name);
  } catch (const ArgumentError&) {
    return std::nullopt;
  }
}

// What a lease had left right after the update, by the clock that its expiry is measured with.
std::optional<Duration> renewed_for(const bson_t& event) {
  const auto update = part(event, "updateDescription");
  const auto changed = update ? part(**update, "updatedFields") : std::nullopt;
  const auto expires = changed ? wall_time(**changed, "ts_expire") : std::nullopt;
  if (!expires) return std::nullopt;
  if (const auto now = wall_time(event, "wallTime")) return *expires - *now;
  // Servers before 6.0 tell the second only.
  const auto second = timestamp(event, "clusterTime");
  if (!second) return std::nullopt;
  return *expires - WallTime(std::chrono::seconds(second->value >> 32));
}

void add_event(const Names& names, const bson_t& event, Watch::Hints& hints) {
  const std::string type = text(event, "operationType").value_or("");
  if (const auto remaining = type == "update" ? renewed_for(event) : std::nullopt) {
    if (auto key = key_of(names, event)) hints.renewed.push_back({std::move(*key), *remaining});
  } else if (type != "delete") {
    hints.anything = true;
  } else if (auto key = key_of(names, event)) {
    hints.freed.push_back(std::move(*key));
  }
}

}  // namespace

Bson open_command(const Names& names, const std::vector<Key>& followed, const StartPoint& start) {
  Bson options;
  if (start.token) {
    append(options, {"resumeAfter", Bson(**start.token)});
  } else if (start.settled) {
    // Not from that very write: it may have been the one that ended the stream before this.
    append(options, {"startAtOperationTime", Timestamp{start.settled->value + 1}});
  }
  Bson small = object({{"operationType", true},
                       {"ns.coll", true},
                       {"documentKey._id", true},
                       {kExpiry, true},
                       {"wallTime", true},
                       {"clusterTime", true}});
  return object({{"aggregate", std::int32_t{1}},
                 {"pipeline", list({object({{"$changeStream", std::move(options)}}),
                                    object({{"$match", wanted(names, followed)}}),
                                    object({{"$project", std::move(small)}})})},
                 {"cursor", Bson()}});
}

Bson more_command(std::int64_t cursor, Duration quiet) {
  const std::int64_t milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(quiet).count();
  return object({{"getMore", cursor},
                 {"collection", kStream},
                 {"maxTimeMS", milliseconds}});
}

Bson kill_command(std::int64_t cursor) {
  return object({{"killCursors", kStream}, {"cursors", list({cursor})}});
}

std::optional<Timestamp> settled_time(const Bson& hello) {
  const auto last_write = part(*hello, "lastWrite");
  const auto majority = last_write ? part(**last_write, "majorityOpTime") : std::nullopt;
  const auto time = majority ? timestamp(**majority, "ts") : std::nullopt;
  return time && time->value != 0 ? time : std::nullopt;
}

Batch read_batch(const Names& names, const Bson& reply) {
  Batch batch;
  const auto cursor = part(*reply, "cursor");
  if (!cursor) return batch;
  batch.cursor = integer(**cursor, "id").value_or(0);
  batch.token = part(**cursor, "postBatchResumeToken");
  for (const char* field : {"firstBatch", "nextBatch"}) {
    const auto events = part(**cursor, field);
    for (std::uint32_t i = 0; events; ++i) {
      const auto event = part(**events, std::to_string(i).c_str());
      if (!event) break;
      add_event(names, **event, batch.hints);
    }
  }
  return batch;
}

bool history_lost(const Failure& failure) {
  return failure.source == Source::server &&
         std::find(kHistoryLost.begin(), kHistoryLost.end(), failure.code) != kHistoryLost.end();
}

bool never_streams(const Failure& failure) {
  return failure.source == Source::server && failure.code == kOnlyReplicaSets;
}

}  // namespace mongoelector::internal::mongo
