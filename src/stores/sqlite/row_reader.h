// Columns as the library's values. Nothing in a row is taken on trust: the file may have been
// edited.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "base/records.h"
#include "mongoelector/options.h"
#include "stores/sqlite/database.h"

namespace mongoelector::internal {

// Rounded up, so that a lease never ends at the store before its holder thinks it does.
inline std::int64_t ceil_ms(Duration value) {
  return std::chrono::ceil<std::chrono::milliseconds>(value).count();
}

inline std::int64_t since_1970_ms(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

inline std::optional<std::int64_t> since_1970_ms(const std::optional<WallTime>& time) {
  if (!time) return std::nullopt;
  return since_1970_ms(*time);
}

// Reads a row column by column and remembers whether one was not what it has to be.
class Reader {
 public:
  explicit Reader(const Query& row) : row_(row) {}
  bool sound() const { return sound_; }

  std::string text(int column) { return take(row_.text(column)); }
  std::int64_t integer(int column) { return take(row_.integer(column)); }
  bool flag(int column) { return integer(column) != 0; }
  Duration ttl(int column) {
    const std::int64_t ms = integer(column);
    const bool possible = ms > 0 && ms <= ceil_ms(kLargestTtl);
    return demand(possible) ? std::chrono::milliseconds(ms) : Duration{};
  }
  Duration length(int column) {
    const std::int64_t ms = integer(column);
    const bool possible = ms >= 0 && ms < kFarthestMs;
    return demand(possible) ? std::chrono::milliseconds(ms) : Duration{};
  }
  WallTime wall(int column) {
    const std::int64_t ms = integer(column);
    const bool possible = ms > kEarliestMs && ms < kFarthestMs;
    return demand(possible) ? WallTime(std::chrono::milliseconds(ms)) : WallTime{};
  }
  std::optional<WallTime> wall_if_any(int column) {
    if (row_.null(column)) return std::nullopt;
    return wall(column);
  }
  bool demand(bool condition) {
    sound_ = sound_ && condition;
    return condition;
  }

 private:
  template <class Value>
  Value take(std::optional<Value> value) {
    demand(value.has_value());
    return std::move(value).value_or(Value{});
  }

  const Query& row_;
  bool sound_ = true;
};

}  // namespace mongoelector::internal
