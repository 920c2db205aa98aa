#include "cli/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"

namespace mongoelector::cli {

namespace {

struct FormatWord {
  std::string_view word;
  Format format;
};

constexpr std::array<FormatWord, 5> kWords{{{"table", Format::table},
                                            {"wide", Format::wide},
                                            {"json", Format::json},
                                            {"jsonl", Format::jsonl},
                                            {"name", Format::name}}};

std::optional<Format> format_called(std::string_view word) {
  for (const FormatWord& one : kWords)
    if (one.word == word) return one.format;
  return std::nullopt;
}

// What the environment says; a table if it says nothing.
Format preset_format() {
  const auto preset = environment("MONGOELECTOR_OUTPUT");
  if (!preset) return Format::table;
  if (const auto format = format_called(*preset)) return *format;
  throw Failure(Exit::config, fmt::format("MONGOELECTOR_OUTPUT is {}", internal::quoted(*preset)),
                "it may be table, wide, json, jsonl or name");
}

}  // namespace

Format choose_format(const Globals& globals, const std::vector<Format>& more) {
  const auto possible = [&](Format format) {
    return format == Format::table || is_json(format) ||
           std::find(more.begin(), more.end(), format) != more.end();
  };
  if (globals.output.empty()) {
    const Format preset = preset_format();
    if (globals.json) return preset == Format::jsonl ? preset : Format::json;
    return possible(preset) ? preset : Format::table;
  }
  const auto format = format_called(globals.output);
  if (!format || !possible(*format)) {
    std::string known;
    for (const FormatWord& one : kWords)
      if (possible(one.format)) known += (known.empty() ? "" : ", ") + std::string(one.word);
    throw Failure(Exit::usage, fmt::format("-o is {}", internal::quoted(globals.output)),
                  fmt::format("this command knows {}", known));
  }
  if (globals.json && !is_json(*format)) {
    throw Failure(Exit::usage,
                  fmt::format("--json and -o {} contradict each other", globals.output));
  }
  return *format;
}

}  // namespace mongoelector::cli
