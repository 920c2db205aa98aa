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

// Adding a collection whose changes matter means adding a line.
Bson wanted(const Names& names) {
  const auto ours = [&] { return in({names.locks, names.elections}); };
  return object({{"$or", list({
      object({{"operationType", in({"delete", "drop", "rename"})}, {"ns.coll", ours()}}),
      object({{"operationType", "rename"}, {"to.coll", ours()}}),
      object({{"operationType", in({"insert", "update", "replace"})}, {"ns.coll", names.control}}),
      object({{"operationType", in({"dropDatabase", "invalidate"})}}),
  })}});
}

// The key of a deleted document, if it can have been one of ours.
std::optional<Key> freed_key(const Names& names, const bson_t& event) {
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

void add_event(const Names& names, const bson_t& event, Watch::Hints& hints) {
  if (text(event, "operationType") != "delete") {
    hints.anything = true;
  } else if (auto key = freed_key(names, event)) {
    hints.freed.push_back(std::move(*key));
  }
}

}  // namespace

Bson open_command(const Names& names, const StartPoint& start) {
  Bson options;
  if (start.token) {
    append(options, {"resumeAfter", Bson(**start.token)});
  } else if (start.settled) {
    // Not from that very write: it may have been the one that ended the stream before this.
    append(options, {"startAtOperationTime", Timestamp{start.settled->value + 1}});
  }
  Bson small = object({{"operationType", true}, {"ns.coll", true}, {"documentKey._id", true}});
  return object({{"aggregate", std::int32_t{1}},
                 {"pipeline", list({object({{"$changeStream", std::move(options)}}),
                                    object({{"$match", wanted(names)}}),
                                    object({{"$project", std::move(small)}})})},
                 {"cursor", Bson()}});
}

Bson more_command(std::int64_t cursor) {
  const auto quiet = std::chrono::duration_cast<std::chrono::milliseconds>(kQuietAnswer).count();
  return object({{"getMore", cursor},
                 {"collection", kStream},
                 {"maxTimeMS", static_cast<std::int64_t>(quiet)}});
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
