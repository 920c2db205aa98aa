#include "cli/format.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace mongoelector::cli {

namespace {

struct Word {
  std::string_view word;
  Format format;
  std::string_view meaning;
};

constexpr std::array<Word, 4> kWords{{{"table", Format::table, "table"},
                                      {"wide", Format::wide, "wide (more columns)"},
                                      {"json", Format::json, "json"},
                                      {"name", Format::name, "name"}}};

}  // namespace

void FormatFlag::add(CLI::App& app) {
  more_.insert(more_.end(), {Format::table, Format::json});
  std::vector<std::string> words;
  for (const Word& one : kWords) {
    if (std::find(more_.begin(), more_.end(), one.format) != more_.end())
      words.emplace_back(one.meaning);
  }
  const std::string last = words.back();
  words.pop_back();
  app.add_option("-o,--output", word_, fmt::format("{} or {}", fmt::join(words, ", "), last))
      ->type_name("FORMAT");
}

Format FormatFlag::choose(Context& context) const {
  const bool json = context.globals.json;
  if (json && !word_.empty() && word_ != "json") {
    throw Failure(Exit::usage, fmt::format("--json and -o {} contradict each other", shown(word_)));
  }
  const std::string_view wanted = json ? "json" : word_.empty() ? "table" : word_;
  for (const Word& one : kWords) {
    if (one.word != wanted || std::find(more_.begin(), more_.end(), one.format) == more_.end())
      continue;
    context.out.configure_json(one.format == Format::json);
    return one.format;
  }
  throw Failure(Exit::usage, fmt::format("-o is {}", internal::quoted(word_)),
                "see the help of this command for the formats it has");
}

}  // namespace mongoelector::cli
