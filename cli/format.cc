#include "cli/format.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace mongoelector::cli {

namespace {

struct FormatWord {
  std::string_view word;
  Format format;
};

constexpr std::array<FormatWord, 4> kWords{{{"table", Format::table},
                                            {"wide", Format::wide},
                                            {"json", Format::json},
                                            {"name", Format::name}}};

}  // namespace

void FormatFlag::add(Flags& flags) {
  more_.insert(more_.end(), {Format::table, Format::json});
  std::vector<std::string_view> words;
  for (const FormatWord& one : kWords)
    if (has(one.format)) words.push_back(one.word);
  flags.add_option("-o,--output", word_, "how to show it; wide has more columns")
      .type_name(fmt::format("{}", fmt::join(words, "|")));
}

bool FormatFlag::has(Format format) const {
  return std::find(more_.begin(), more_.end(), format) != more_.end();
}

Format FormatFlag::choose(Context& context) const {
  const bool json = context.globals.json;
  if (json && !word_.empty() && word_ != "json") {
    throw Failure(Exit::usage, fmt::format("--json and -o {} contradict each other", shown(word_)));
  }
  const Format preset = preset_format();
  if (!json && word_.empty()) return has(preset) ? preset : Format::table;
  const std::string wanted = json ? "json" : word_;
  for (const FormatWord& one : kWords) {
    if (one.word != wanted || !has(one.format)) continue;
    context.out.configure_json(one.format == Format::json);
    return one.format;
  }
  throw Failure(Exit::usage, fmt::format("-o is {}", internal::quoted(word_)),
                "see the help of this command for the formats it has");
}

Format preset_format() {
  const auto preset = environment("MONGOELECTOR_OUTPUT");
  if (!preset) return Format::table;
  for (const FormatWord& one : kWords)
    if (one.word == *preset) return one.format;
  throw Failure(Exit::config, fmt::format("MONGOELECTOR_OUTPUT is {}", internal::quoted(*preset)),
                "it may be table, wide, json or name");
}

}  // namespace mongoelector::cli
