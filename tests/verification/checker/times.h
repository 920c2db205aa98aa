// Times and numbers as people and programs write them. Internal to the reader and the program.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "verification/checker/history.h"

namespace verification::internal {

// Decimal digits without sign or leading zeros, nothing else.
std::optional<std::uint64_t> parse_uint64(std::string_view text);

struct Instant {
  Nanoseconds since_epoch = 0;
  Nanoseconds precision = 0;  // what the last digit stands for
};
// 2026-11-21T23:57:03.412Z, with up to nine digits of a second.
std::optional<Instant> parse_rfc3339(std::string_view text);

// 250ms, 15s, 2m, 1h; a bare number is seconds. Whole numbers only.
std::optional<Nanoseconds> parse_duration(std::string_view text);

}  // namespace verification::internal
