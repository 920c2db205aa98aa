#include "base/text.h"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <utility>

#include "mongoelector/error.h"

namespace mongoelector::internal {

namespace {

// Length of the valid sequence at the start of `text`, 0 if there is none; `code` receives the
// character.
std::size_t decode_one(std::string_view text, std::uint32_t& code) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    code = first;
    return 1;
  }
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  code = first & (0xffu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3fu);
  }
  static constexpr std::array<std::uint32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return 0;
  return length;
}

struct Unit {
  const char* name;
  std::int64_t ns;
};
// Largest first; parse_duration accepts them in this order.
constexpr std::array<Unit, 7> kUnits{{{"d", 86'400'000'000'000},
                                      {"h", 3'600'000'000'000},
                                      {"m", 60'000'000'000},
                                      {"s", 1'000'000'000},
                                      {"ms", 1'000'000},
                                      {"us", 1'000},
                                      {"ns", 1}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "Z", "+02:00"; nothing if it is neither.
std::optional<std::chrono::minutes> read_offset(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes(0);
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':')
    return std::nullopt;
  for (const std::size_t at : {1, 2, 4, 5})
    if (!is_digit(text[at])) return std::nullopt;
  const auto number = [&](std::size_t at) { return (text[at] - '0') * 10 + text[at + 1] - '0'; };
  const std::chrono::minutes offset = std::chrono::hours(number(1)) +
                                      std::chrono::minutes(number(4));
  return text[0] == '-' ? -offset : offset;
}

// Reads "12" or "1.5" at `at`; nothing if there is no number.
std::optional<double> read_number(std::string_view text, std::size_t& at) {
  double value = 0;
  const std::size_t start = at;
  while (at < text.size() && is_digit(text[at])) value = value * 10 + (text[at++] - '0');
  if (at == start) return std::nullopt;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = ++at;
    for (double unit = 0.1; at < text.size() && is_digit(text[at]); unit /= 10)
      value += unit * (text[at++] - '0');
    if (at == fraction) return std::nullopt;
  }
  return value;
}

}  // namespace

bool valid_utf8(std::string_view text) {
  std::uint32_t code = 0;
  while (!text.empty()) {
    const std::size_t length = decode_one(text, code);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void check_text(std::string_view what, std::string_view text, std::size_t max_bytes) {
  const std::string name(what);
  if (text.size() > max_bytes) {
    throw ArgumentError(name + " is " + std::to_string(text.size()) + " bytes long; at most " +
                        std::to_string(max_bytes) + " are allowed");
  }
  if (text.find('\0') != std::string_view::npos) throw ArgumentError(name + " holds a NUL byte");
  if (!valid_utf8(text)) throw ArgumentError(name + " is not valid UTF-8");
}

std::string show_duration(Duration value) {
  if (value < Duration::zero()) return "-" + show_duration(-value);
  std::int64_t rest = value.count();
  std::string text;
  int shown = 0;
  for (const Unit& unit : kUnits) {
    const std::int64_t count = rest / unit.ns;
    if (count == 0) {
      if (shown > 0) break;
      continue;
    }
    text += std::to_string(count) + unit.name;
    rest -= count * unit.ns;
    // Below a second one unit is exact enough.
    if (++shown == 2 || unit.ns <= 1'000'000) break;
  }
  return text.empty() ? "0s" : text;
}

std::optional<Duration> parse_duration(std::string_view text) {
  std::size_t at = 0;
  double total_ns = 0;
  std::size_t next_unit = 0;
  if (text.empty()) return std::nullopt;
  while (at < text.size()) {
    const auto number = read_number(text, at);
    if (!number) return std::nullopt;
    if (at == text.size() && next_unit == 0) {
      total_ns = *number * 1e9;
      break;
    }
    std::size_t end = at;
    while (end < text.size() && text[end] >= 'a' && text[end] <= 'z') ++end;
    const std::string_view name = text.substr(at, end - at);
    while (next_unit < kUnits.size() && name != kUnits[next_unit].name) ++next_unit;
    if (next_unit == kUnits.size()) return std::nullopt;
    total_ns += *number * static_cast<double>(kUnits[next_unit++].ns);
    at = end;
  }
  // A century is far beyond any option and far below overflow.
  if (!(total_ns <= 3.2e18)) return std::nullopt;
  return Duration(std::llround(total_ns));
}

std::string rfc3339(WallTime time) {
  // Not gmtime_r(): it reads the time zone of this machine first.
  const auto at = std::chrono::floor<std::chrono::milliseconds>(time);
  const auto midnight = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day day(midnight);
  const std::chrono::hh_mm_ss clock(at - midnight);
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                static_cast<unsigned>(day.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text.data();
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int used = 0;
  const std::string whole(text);
  if (std::sscanf(whole.c_str(), "%4d-%2u-%2uT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute,
                  &second, &used) != 6 ||
      used != 19) {
    return std::nullopt;
  }
  std::size_t at = static_cast<std::size_t>(used);
  double fraction = 0;
  if (at < text.size() && text[at] == '.') {
    for (double unit = 0.1; ++at < text.size() && is_digit(text[at]); unit /= 10)
      fraction += unit * (text[at] - '0');
  }
  const auto offset = read_offset(text.substr(at));
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  const bool sound = date.ok() && year >= 1970 && year < 2200 && hour >= 0 && hour < 24 &&
                     minute >= 0 && minute < 60 && second >= 0 && second < 60;
  if (!sound || !offset) return std::nullopt;
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::seconds(second) - *offset +
         std::chrono::milliseconds(std::lround(fraction * 1000));
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    std::uint32_t code = 0;
    const std::size_t length = decode_one(text, code);
    std::array<char, 16> escape{};
    if (length == 0) {
      std::snprintf(escape.data(), escape.size(), "\\x%02x", static_cast<unsigned char>(text[0]));
      out += escape.data();
      text.remove_prefix(1);
      continue;
    }
    const bool control = code < 0x20 || (code >= 0x7f && code < 0xa0) ||
                         (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
                         (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
    if (control) {
      std::snprintf(escape.data(), escape.size(), code < 0x100 ? "\\x%02x" : "\\u%04x", code);
      out += escape.data();
    } else {
      if (code == '"' || code == '\\') out += '\\';
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out + "\"";
}

std::string show_key(const Key& key) {
  return std::string(to_string(key.kind())) + " " + quoted(key.name());
}

double seconds(Duration value) { return std::chrono::duration<double>(value).count(); }

}  // namespace mongoelector::internal
