#include "verification/checker/times.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

namespace verification::internal {

namespace {

constexpr Nanoseconds kSecond = 1'000'000'000;

// Takes `width` digits off the front of `text`.
std::optional<int> take_digits(std::string_view& text, std::size_t width) {
  if (text.size() < width) return {};
  int value = 0;
  for (const char digit : text.substr(0, width)) {
    if (digit < '0' || digit > '9') return {};
    value = 10 * value + (digit - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

// ".412", or nothing; the rest stays in `text`.
std::optional<Instant> take_fraction(std::string_view& text) {
  Instant fraction{.precision = kSecond};
  if (!take(text, '.')) return fraction;
  while (fraction.precision > 1 && !text.empty() && text.front() >= '0' && text.front() <= '9') {
    fraction.precision /= 10;
    fraction.since_epoch += fraction.precision * (text.front() - '0');
    text.remove_prefix(1);
  }
  if (fraction.precision == kSecond) return {};
  return fraction;
}

}  // namespace

std::optional<std::uint64_t> parse_uint64(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return {};
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

std::optional<Instant> parse_rfc3339(std::string_view text) {
  // Each part, and what follows it.
  constexpr std::pair<std::size_t, char> kParts[] = {{4, '-'}, {2, '-'}, {2, 'T'},
                                                     {2, ':'}, {2, ':'}, {2, '\0'}};
  int parts[6] = {};
  for (std::size_t i = 0; i < 6; ++i) {
    const auto value = take_digits(text, kParts[i].first);
    if (!value || (kParts[i].second != '\0' && !take(text, kParts[i].second))) return {};
    parts[i] = *value;
  }
  const auto fraction = take_fraction(text);
  if (!fraction || text != "Z") return {};
  using namespace std::chrono;
  const year_month_day date{year{parts[0]}, month{static_cast<unsigned>(parts[1])},
                            day{static_cast<unsigned>(parts[2])}};
  if (!date.ok() || parts[0] < 1900 || parts[0] > 2090) return {};
  if (parts[3] > 23 || parts[4] > 59 || parts[5] > 60) return {};
  const auto whole = sys_days{date}.time_since_epoch() + hours{parts[3]} + minutes{parts[4]} +
                     seconds{parts[5]};
  return Instant{nanoseconds{whole}.count() + fraction->since_epoch, fraction->precision};
}

std::optional<Nanoseconds> parse_duration(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_uint64(text.substr(0, digits));
  const std::string_view unit = text.substr(digits);
  Nanoseconds factor = 0;
  if (unit == "ns") factor = 1;
  if (unit == "us") factor = kSecond / 1'000'000;
  if (unit == "ms") factor = kSecond / 1'000;
  if (unit == "s" || unit.empty()) factor = kSecond;
  if (unit == "m") factor = 60 * kSecond;
  if (unit == "h") factor = 3600 * kSecond;
  if (!number || factor == 0 || *number > static_cast<std::uint64_t>(kMaxTime / factor)) return {};
  return static_cast<Nanoseconds>(*number) * factor;
}

}  // namespace verification::internal
