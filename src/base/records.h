// What every store needs to know about the rows of mongoelector/records.h.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "mongoelector/records.h"

namespace mongoelector::internal {

inline constexpr std::chrono::hours kKeepTermsFor{24 * 30};
// What MongoDB's TTL indexes sweep, and how long after its time. A missing record is free, whatever
// judged it; so a lease has to be swept later than any primary's clock is ahead, and there is no
// hurry: what has expired is taken over long before.
inline constexpr std::chrono::hours kSweepLeasesAfter{24 * 2};
inline constexpr std::chrono::hours kSweepMembersAfter{1};

// Wall times that nanoseconds can express, and the difference of any two of them as well: the years
// 1910 to 2201, with Pause::kIndefinitely among them.
inline constexpr std::int64_t kEarliestMs = -1'900'000'000'000;
inline constexpr std::int64_t kFarthestMs = 7'300'000'000'000;

// All of them; a new one belongs here.
inline constexpr std::array kEndings{EndedBy::open,     EndedBy::expired,      EndedBy::released,
                                     EndedBy::lost,     EndedBy::stepped_down, EndedBy::switchover,
                                     EndedBy::forced};

// The word of to_string(), if it is one.
std::optional<EndedBy> parse_ended_by(std::string_view word);

// A row gives way to one that is more final, never to another.
constexpr int finality(EndedBy ended_by) {
  if (ended_by == EndedBy::open) return 0;
  return ended_by == EndedBy::expired ? 1 : 2;
}

// More cannot be meant by one row, whatever it says.
inline constexpr std::int64_t kMostWaiters = 1'000'000;

}  // namespace mongoelector::internal
