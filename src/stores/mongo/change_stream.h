// The change stream behind the hints: the commands that open and read it, and what its events mean.
// Pure: builds and reads BSON, sends nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mongoelector/store.h"
#include "stores/mongo/bson.h"
#include "stores/mongo/deployment.h"
#include "stores/mongo/outcomes.h"

namespace mongoelector::internal::mongo {

// How long a stream waits for an event before it answers that there is none. It costs one
// empty round trip each time.
inline constexpr Duration kQuietAnswer = std::chrono::seconds(2);

// What a stream begins after: the batch of `token`, else the time `settled`, else now.
struct StartPoint {
  std::optional<Bson> token = {};
  std::optional<Timestamp> settled = {};
};

// One stream on the database. The server sorts out everything but what frees a key, what operators
// ask for, and renewals of the elections `followed`, so all others cost nobody but the server
// anything.
Bson open_command(const Names& names, const std::vector<Key>& followed, const StartPoint& start);
// The next batch: at once what there is, else what comes first within `quiet`.
Bson more_command(std::int64_t cursor, Duration quiet);
Bson kill_command(std::int64_t cursor);

// A time up to which every write is confirmed by a majority: whoever reads later sees them all,
// and a stream that begins after it shows all others. Nothing where the server does not say.
std::optional<Timestamp> settled_time(const Bson& hello);

// What one reply of a stream says.
struct Batch {
  std::int64_t cursor = 0;  // zero: the stream is over, and cannot be resumed
  std::optional<Bson> token = {};  // where to resume after this batch
  Watch::Hints hints = {};
};
Batch read_batch(const Names& names, const Bson& reply);

// The server has forgotten, or does not accept, the place to resume at.
bool history_lost(const Failure& failure);
// Only a member of a replica set has change streams; another server never will.
bool never_streams(const Failure& failure);

}  // namespace mongoelector::internal::mongo
