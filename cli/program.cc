#include "cli/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "base/secrets.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/format.h"
#include "cli/help.h"
#include "mongoelector/connect.h"

namespace mongoelector::cli {

namespace {

using Words = std::vector<std::string>;

// Every command has a parser of its own that knows the global flags too; so these work before and
// after the command's name without a second set of rules.
void prepare(CLI::App& app, Globals& globals, Command* command) {
  app.set_help_flag();
  app.allow_extras();
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  if (command != nullptr) command->add_flags(app);
  add_global_flags(app, globals);
}

// The position of the command's name: the first word that is no flag and no flag's value.
std::size_t find_name(const Words& words) {
  Globals globals;
  CLI::App app;
  prepare(app, globals, nullptr);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].size() < 2 || words[i][0] != '-') return i;
    const CLI::Option* option = app.get_option_no_throw(words[i]);
    if (option != nullptr && option->get_expected_max() > 0) ++i;
  }
  return words.size();
}

Failure unexpected(const CLI::App& app, const std::string& word, const std::string& see) {
  if (word[0] != '-')
    return {Exit::usage,
            fmt::format("unexpected argument {}", internal::quoted(redact_uri(word))), see};
  const std::string flag = word.substr(0, word.find('='));
  Words known;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  const std::string similar = suggestion(flag, known);
  return {Exit::usage, fmt::format("there is no flag {}", internal::quoted(redact_uri(flag))),
          similar.empty() ? see : fmt::format("did you mean {}?", similar)};
}

// What CLI11 did not know, unknown flags first: they explain the rest.
void refuse_extras(const CLI::App& app, const std::string& see) {
  Words extras = app.remaining();
  std::erase(extras, "--");
  std::stable_partition(extras.begin(), extras.end(),
                        [](const std::string& word) { return word.starts_with("-"); });
  if (!extras.empty()) throw unexpected(app, extras.front(), see);
}

void parse(CLI::App& app, Words words, const std::string& see) {
  std::reverse(words.begin(), words.end());
  try {
    app.parse(words);
  } catch (const CLI::ParseError& e) {
    refuse_extras(app, see);
    std::string what = e.what();
    // CLI11: "--ttl: 1 required DUR missing"
    if (const std::size_t at = what.find(": 1 required "); at != std::string::npos)
      what = what.substr(0, at) + " needs a value";
    throw Failure(Exit::usage, what, see);
  }
  refuse_extras(app, see);
}

int run_command(Command& command, Words words, Context& context) {
  const std::string see = fmt::format("see: mongoelector help {}", command.about().name);
  if (const auto dashes = std::find(words.begin(), words.end(), "--");
      command.about().starts_a_command && dashes != words.end()) {
    context.command.assign(std::next(dashes), words.end());
    words.erase(dashes, words.end());
  }
  CLI::App app;
  prepare(app, context.globals, &command);
  // Help is help whatever else is wrong on the line.
  if (std::any_of(words.begin(), std::find(words.begin(), words.end(), "--"),
                  [](const std::string& word) { return word == "-h" || word == "--help"; })) {
    context.out.answer(help_of(command));
    return 0;
  }
  parse(app, std::move(words), see);
  const Globals& globals = context.globals;
  if (globals.version) return find_command("version")->run(context);
  if (globals.quiet && globals.verbose)
    throw Failure(Exit::usage, "--quiet and --verbose contradict each other");
  context.out.configure(globals.json || preset_format() == Format::json,
                        globals.quiet     ? Verbosity::quiet
                        : globals.verbose ? Verbosity::verbose
                                          : Verbosity::normal);
  return command.run(context);
}

Globals parse_globals(Words words) {
  Globals globals;
  CLI::App app;
  prepare(app, globals, nullptr);
  parse(app, std::move(words), "see: mongoelector help");
  return globals;
}

// No command named: only help and version make sense.
int run_without(Words words, Context& context) {
  context.globals = parse_globals(std::move(words));
  if (context.globals.help) {
    context.out.answer(main_help());
    return 0;
  }
  if (context.globals.version) {
    context.out.configure(context.globals.json, Verbosity::normal);
    return find_command("version")->run(context);
  }
  throw Failure(Exit::usage, "no command given", "see: mongoelector help");
}

int dispatch(Words words, Context& context) {
  const std::size_t at = find_name(words);
  if (at == words.size()) return run_without(std::move(words), context);
  const auto command = find_command(words[at]);
  if (!command) {
    // After a misspelt flag its value looks like the command.
    const auto name = words.begin() + static_cast<std::ptrdiff_t>(at);
    parse_globals({words.begin(), name});
    throw unknown_command(*name);
  }
  words.erase(words.begin() + static_cast<std::ptrdiff_t>(at));
  return run_command(*command, std::move(words), context);
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
  Context context;
  // Already now, so that a mistake on the line itself is reported in the form asked for.
  const auto own_end = std::find(arguments.begin(), arguments.end(), "--");
  context.out.configure(std::find(arguments.begin(), own_end, "--json") != own_end,
                        Verbosity::normal);
  try {
    return dispatch(arguments, context);
  } catch (...) {
    const Failure failure = failure_of(std::current_exception());
    context.out.fail(failure);
    return static_cast<int>(failure.code());
  }
}

}  // namespace mongoelector::cli
