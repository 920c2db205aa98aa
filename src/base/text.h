// Small text helpers: validation, and one way to show durations, times and keys everywhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mongoelector/lease.h"

namespace mongoelector::internal {

// Strict: no overlong forms, no surrogates, nothing beyond U+10FFFF.
bool valid_utf8(std::string_view text);

// Throws ArgumentError naming `what` unless `text` is valid UTF-8 without NUL of at most
// `max_bytes`.
void check_text(std::string_view what, std::string_view text, std::size_t max_bytes);

// "250ms", "15s", "1m30s", "2h5m", "3d4h": two units at most, rounded towards zero.
std::string show_duration(Duration value);

// 250ms, 15s, 1.5s, 1m30s, 2h, 1d; a bare number is seconds. Nothing if it is none of these,
// negative or too large.
std::optional<Duration> parse_duration(std::string_view text);

// 2026-11-21T23:57:03.412Z
std::string rfc3339(WallTime time);

// Also with an offset instead of Z, and with or without a fraction. Nothing if it is no such time,
// or none between 1970 and 2200.
std::optional<WallTime> parse_rfc3339(std::string_view text);

// In double quotes, with control characters, quotes, backslashes and bidirectional marks escaped.
std::string quoted(std::string_view text);

// lock "nightly", election "billing"
std::string show_key(const Key& key);

double seconds(Duration value);

}  // namespace mongoelector::internal
