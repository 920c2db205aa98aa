#include "cli/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "base/secrets.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/given.h"
#include "cli/help.h"
#include "mongoelector/connect.h"

namespace mongoelector::cli {

namespace {

using Words = std::vector<std::string>;

constexpr char kSeeHelp[] = "see: mongoelector help";

// The position of the command's name: the first word that is no flag and no flag's value.
std::size_t find_name(const Words& words, const Flags& global_flags) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].size() < 2 || words[i][0] != '-') return i;
    if (global_flags.takes_value(words[i])) ++i;
  }
  return words.size();
}

OutputStyle style_of(const Globals& globals, Format format) {
  return {.json = is_json(format),
          .one_line = format == Format::jsonl,
          .json_log = wants_json_log(globals),
          .color = allows_color(globals),
          .verbosity = globals.quiet     ? Verbosity::quiet
                       : globals.verbose ? Verbosity::verbose
                                         : Verbosity::normal};
}

// What the line seems to ask for before it is understood: a mistake on it is told in that form.
OutputStyle first_style(const Words& words) {
  const auto end = std::find(words.begin(), words.end(), "--");
  const bool no_color = std::find(words.begin(), end, "--no-color") != end;
  OutputStyle style{.json_log = environment("MONGOELECTOR_LOG_FORMAT") == "json",
                    .color = allows_color({.no_color = no_color})};
  for (auto word = words.begin(); word != end; ++word) {
    const std::string next = std::next(word) == end ? "" : *std::next(word);
    const bool output = *word == "-o" || *word == "--output";
    style.json = style.json || *word == "--json" || (output && next.starts_with("json"));
    if (*word == "--log-format") style.json_log = next == "json";
    if (*word == "--log-format=json") style.json_log = true;
  }
  return style;
}

// `flags` knows the global ones already.
int run_command(Command& command, Flags& flags, Words words, Context& context) {
  if (const auto dashes = std::find(words.begin(), words.end(), "--");
      command.about().starts_a_command && dashes != words.end()) {
    context.command.assign(std::next(dashes), words.end());
    words.erase(dashes, words.end());
  }
  command.add_flags(flags);
  // Help is help whatever else is wrong on the line.
  if (std::any_of(words.begin(), std::find(words.begin(), words.end(), "--"),
                  [](const std::string& word) { return word == "-h" || word == "--help"; })) {
    context.out.answer(help_of(command));
    return 0;
  }
  flags.parse(std::move(words), fmt::format("{} {}", kSeeHelp, command.about().name));
  const Globals& globals = context.globals;
  if (globals.quiet && globals.verbose)
    throw Failure(Exit::usage, "--quiet and --verbose contradict each other");
  context.format = choose_format(globals, command.formats());
  context.out.configure(style_of(globals, context.format));
  if (globals.version) return find_command("version")->run(context);
  return command.run(context);
}

// No command named: only help and version make sense.
int run_without(Context& context) {
  if (context.globals.help) {
    context.out.answer(main_help());
    return 0;
  }
  if (context.globals.version) {
    context.format = choose_format(context.globals, {});
    context.out.configure(style_of(context.globals, context.format));
    return find_command("version")->run(context);
  }
  throw Failure(Exit::usage, "no command given", kSeeHelp);
}

int dispatch(Words words, Context& context) {
  // The global flags are known with those of each command; so they work before and after its name
  // without a second set of rules.
  Flags flags;
  add_global_flags(flags, context.globals);
  const std::size_t at = find_name(words, flags);
  const auto name = words.begin() + static_cast<std::ptrdiff_t>(at);
  const auto command = name == words.end() ? nullptr : find_command(*name);
  if (!command) {
    // After a misspelt flag its value looks like the command.
    flags.parse({words.begin(), name}, kSeeHelp);
    if (name == words.end()) return run_without(context);
    throw unknown_command(*name);
  }
  words.erase(name);
  return run_command(*command, flags, std::move(words), context);
}

}  // namespace

std::vector<std::string> take_arguments(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    static constexpr std::string_view kFlag = "--uri=";
    const std::string_view word = words[i];
    const std::size_t start = word.starts_with(kFlag) ? kFlag.size() : 0;
    const bool names_a_store = start > 0 || (i > 0 && words[i - 1] == "--uri");
    if (!names_a_store && word.find("://") == std::string_view::npos) continue;
    for (const internal::Span& secret : internal::secrets_in(word.substr(start)))
      std::fill(argv[i + 1] + start + secret.begin, argv[i + 1] + start + secret.end, '*');
  }
  return words;
}

int run_program(const std::vector<std::string>& arguments) {
  // No thread runs yet.
  if (!environment("MONGOC_DISABLE_SHM")) putenv(const_cast<char*>(kQuietDriver));
  Context context;
  context.out.configure(first_style(arguments));
  try {
    return dispatch(arguments, context);
  } catch (...) {
    const Failure failure = failure_of(std::current_exception());
    context.out.fail(failure);
    return static_cast<int>(failure.code());
  }
}

}  // namespace mongoelector::cli
