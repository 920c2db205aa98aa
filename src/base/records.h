// What every store needs to know about the rows of mongoelector/records.h.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string_view>

#include "mongoelector/records.h"

namespace mongoelector::internal {

inline constexpr std::chrono::hours kKeepTermsFor{24 * 30};

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

}  // namespace mongoelector::internal
