#include "cli/help.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/exit_codes.h"
#include "cli/given.h"
#include "cli/man.h"
#include "cli/syntax.h"
#include "mongoelector/connect.h"

namespace mongoelector::cli {

namespace {

constexpr std::size_t kTextColumn = 28;
constexpr std::size_t kLongestExample = 60;
constexpr std::size_t kColumns = 100;

// "  left      text", the text wrapped below itself.
std::string entry(const std::string& left, std::string_view text, std::size_t column) {
  std::string out = "  " + left;
  if (out.size() + 2 > column) {
    out += '\n';
    out += std::string(column, ' ');
  } else {
    out += std::string(column - out.size(), ' ');
  }
  std::size_t at = column;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    if (at > column && at + 1 + word.size() > kColumns) {
      out += '\n' + std::string(column, ' ');
      at = column;
    }
    if (at > column) {
      out += ' ';
      ++at;
    }
    out += word;
    at += word.size();
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  return out + '\n';
}

std::string flags_of(const std::vector<Word>& words) {
  std::string out;
  for (const Word& word : words) {
    if (!word.is_flag) continue;
    std::string left = fmt::format("{}", fmt::join(word.names, ", "));
    if (!word.value.empty()) left += " " + word.value;
    out += entry(left, word.meaning, kTextColumn);
  }
  return out;
}

std::string examples_of(const std::vector<Example>& examples) {
  std::size_t column = 0;
  for (const Example& example : examples) column = std::max(column, example.line.size() + 5);
  column = std::min(column, kLongestExample);
  std::string out;
  for (const Example& example : examples)
    out += entry(std::string(example.line), example.meaning, column);
  return out;
}

}  // namespace

std::string main_help() {
  const auto commands = all_commands();
  std::string out =
      "mongoelector: distributed locks and leader election on MongoDB or SQLite\n\n"
      "usage: mongoelector COMMAND [flags]\n\nexamples:\n";
  std::vector<Example> examples;
  for (const auto& command : commands)
    if (!command->about().examples.empty()) examples.push_back(command->about().examples.front());
  out += examples_of(examples);
  for (const std::string_view group : kGroups) {
    std::string lines;
    for (const auto& command : commands) {
      const About& about = command->about();
      if (about.group != group) continue;
      const std::string alias = about.alias.empty() ? "" : fmt::format(", {}", about.alias);
      lines += entry(std::string(about.name) + alias, about.summary, 16);
    }
    if (!lines.empty()) out += fmt::format("\n{}:\n{}", group, lines);
  }
  out += "\nflags of every command, before or after its name:\n" + flags_of(global_words());
  out += "\nenvironment (flags win):\n";
  for (const EnvironmentVariable& variable : kEnvironment)
    out += entry(std::string(variable.name), variable.meaning, 34);
  out += "\nfiles (of configuration files the first counts):\n";
  for (const KnownFile& file : kFiles) out += entry(std::string(file.name), file.meaning, 34);
  out += "\nexit codes:\n";
  for (const ExitCode& code : kExitCodes)
    out += entry(fmt::format("{:>3}", static_cast<int>(code.code)), code.meaning, 8);
  out += "  any other code is the one of the command that was started; 128+N: signal N ended it\n";
  out += "\nmore on a command: mongoelector help COMMAND\n";
  return out;
}

std::string help_of(Command& command) {
  const About& about = command.about();
  std::string out = fmt::format("mongoelector {}: {}\n\nusage: mongoelector {} {}\n", about.name,
                                about.summary, about.name, about.usage);
  if (!about.alias.empty()) out += fmt::format("alias: {}\n", about.alias);
  if (!about.examples.empty()) out += "\nexamples:\n" + examples_of(about.examples);
  if (const std::string flags = flags_of(words_of(command)); !flags.empty())
    out += "\nflags:\n" + flags;
  if (about.starts_a_command) {
    out += "\nthe command finds in its environment:\n";
    for (const EnvironmentVariable& variable : kGiven)
      out += entry(std::string(variable.name), variable.meaning, 34);
  }
  if (!about.details.empty()) out += fmt::format("\n{}", about.details);
  out += "\nflags of every command:\n" + flags_of(global_words());
  return out;
}

Failure unknown_command(const std::string& word) {
  std::vector<std::string> known;
  for (const auto& command : all_commands()) {
    known.emplace_back(command->about().name);
    if (!command->about().alias.empty()) known.emplace_back(command->about().alias);
  }
  const std::string similar = suggestion(word, known);
  return {Exit::usage, fmt::format("there is no command {}", internal::quoted(redact_uri(word))),
          similar.empty() ? "see: mongoelector help" : fmt::format("did you mean {}?", similar)};
}

namespace {

class HelpCommand : public Command {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "help",
        .group = "Operate",
        .summary = "show this help, or the help of one command",
        .usage = "[COMMAND] [--man-dir DIR]",
        .examples = {{"mongoelector help version", "flags and examples of one command"},
                     {"mongoelector help --man-dir man",
                      "then: man -l man/mongoelector-lock.1"}}};
    return kAbout;
  }

  void add_flags(Flags& flags) override {
    flags.add_option("COMMAND", topic_, "whose help");
    flags.add_option("--man-dir", man_dir_, "write all of it as man pages into this folder")
        .type_name("DIR");
  }

  int run(Context& context) override {
    if (!man_dir_.empty()) {
      if (!topic_.empty())
        throw Failure(Exit::usage, "--man-dir writes the pages of all commands; name none");
      write_man_pages(man_dir_);
      return 0;
    }
    if (topic_.empty()) {
      context.out.answer(main_help());
      return 0;
    }
    const auto command = find_command(topic_);
    if (!command) throw unknown_command(topic_);
    context.out.answer(help_of(*command));
    return 0;
  }

 private:
  std::string topic_;
  std::string man_dir_;
};

}  // namespace

std::unique_ptr<Command> make_help() { return std::make_unique<HelpCommand>(); }

}  // namespace mongoelector::cli
