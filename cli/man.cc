#include "cli/man.h"

#include <fmt/format.h>

#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "cli/command.h"
#include "cli/exit_codes.h"
#include "cli/given.h"
#include "cli/syntax.h"
#include "mongoelector/version.h"

namespace mongoelector::cli {

namespace {

// As it is, wherever it stands: roff reads commands from backslashes and from the start of lines,
// and sets quotes and dashes that nobody can paste into a shell.
std::string plain(std::string_view text) {
  std::string out;
  bool starts_line = true;
  for (const char c : text) {
    switch (c) {
      case '\\': out += "\\e"; break;
      case '-': out += "\\-"; break;
      case '\'': out += "\\(aq"; break;
      case '`': out += "\\(ga"; break;
      case '^': out += "\\(ha"; break;
      case '~': out += "\\(ti"; break;
      case '.': out += starts_line ? "\\&." : "."; break;
      default: out += c;
    }
    starts_line = c == '\n';
  }
  return out;
}

std::string bold(std::string_view text) { return "\\fB" + plain(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + plain(text) + "\\fR"; }

std::string head(std::string_view page, std::string_view summary) {
  std::string title(page);
  for (char& c : title) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return fmt::format(
      ".TH \"{}\" 1 \"\" \"mongoelector {}\" \"User Commands\"\n.SH NAME\n{} \\- {}\n",
      plain(title), kVersion, plain(page), plain(summary));
}

// The left side is roff already.
std::string entry(const std::string& left, std::string_view text) {
  return fmt::format(".TP\n{}\n{}\n", left, plain(text));
}

std::string examples_of(const std::vector<Example>& examples) {
  std::string out;
  for (const Example& example : examples) out += entry(bold(example.line), example.meaning);
  return out;
}

std::string flags_of(const std::vector<Word>& words) {
  std::string out;
  for (const Word& word : words) {
    if (!word.is_flag) continue;
    std::string left;
    for (const std::string& name : word.names) left += (left.empty() ? "" : ", ") + bold(name);
    if (!word.value.empty()) left += " " + italic(word.value);
    out += entry(left, word.meaning);
  }
  return out;
}

std::string exit_codes() {
  std::string out = ".SH EXIT STATUS\n";
  for (const ExitCode& code : kExitCodes)
    out += entry(bold(std::to_string(static_cast<int>(code.code))), code.meaning);
  return out +
         ".PP\nAny other code is the one of the command that was started; 128+N: signal N ended "
         "it.\n";
}

std::string main_page() {
  const auto commands = all_commands();
  std::string out =
      head("mongoelector", "distributed locks and leader election on MongoDB or SQLite");
  out += ".SH SYNOPSIS\n" + bold("mongoelector") + " " + italic("COMMAND") + " [flags]\n";
  std::vector<Example> examples;
  for (const auto& command : commands)
    if (!command->about().examples.empty()) examples.push_back(command->about().examples.front());
  out += ".SH EXAMPLES\n" + examples_of(examples);
  out += ".SH COMMANDS\nEach has a page of its own, and is shown by " +
         bold("mongoelector help COMMAND") + ".\n";
  for (const std::string_view group : kGroups) {
    out += fmt::format(".SS {}\n", group);
    for (const auto& command : commands)
      if (command->about().group == group)
        out += entry(bold(command->about().name), command->about().summary);
  }
  out += ".SH OPTIONS\nOf every command, before or after its name:\n" + flags_of(global_words());
  out += ".SH ENVIRONMENT\nFlags win over the environment, the environment over a file.\n";
  for (const EnvironmentVariable& variable : kEnvironment)
    out += entry(bold(variable.name), variable.meaning);
  out += ".SH FILES\nOf configuration files the first counts.\n";
  for (const KnownFile& file : kFiles) out += entry(italic(file.name), file.meaning);
  out += exit_codes() + ".SH SEE ALSO\n";
  std::string pages;
  for (const auto& command : commands)
    pages += fmt::format("{}{}(1)", pages.empty() ? "" : ",\n",
                         bold(fmt::format("mongoelector-{}", command->about().name)));
  return out + pages + "\n";
}

std::string page_of(Command& command) {
  const About& about = command.about();
  std::string out = head(fmt::format("mongoelector-{}", about.name), about.summary);
  out += fmt::format(".SH SYNOPSIS\n{} {}\n", bold(fmt::format("mongoelector {}", about.name)),
                     plain(about.usage));
  if (!about.alias.empty())
    out += fmt::format(".br\n{}\n", bold(fmt::format("mongoelector {}", about.alias)));
  if (!about.examples.empty()) out += ".SH EXAMPLES\n" + examples_of(about.examples);
  if (const std::string flags = flags_of(words_of(command)); !flags.empty())
    out += ".SH OPTIONS\n" + flags;
  if (about.starts_a_command) {
    out += ".SH ENVIRONMENT\nThe command finds in its environment:\n";
    for (const EnvironmentVariable& variable : kGiven)
      out += entry(bold(variable.name), variable.meaning);
  }
  // Its lines may be a table.
  if (!about.details.empty())
    out += ".SH NOTES\n.nf\n" + plain(about.details) + (about.details.back() == '\n' ? "" : "\n") +
           ".fi\n";
  return out + exit_codes() + ".SH SEE ALSO\n" + bold("mongoelector") +
         "(1) for the flags, environment and files of every command\n";
}

void write_page(const std::filesystem::path& path, const std::string& page) {
  std::ofstream out(path);
  out << page << std::flush;
  if (!out) {
    throw Failure(Exit::os_error,
                  fmt::format("cannot write {}: {}", path.string(), std::strerror(errno)));
  }
}

}  // namespace

void write_man_pages(const std::string& folder) {
  const std::filesystem::path path(folder);
  std::filesystem::create_directories(path);
  write_page(path / "mongoelector.1", main_page());
  for (const auto& command : all_commands())
    write_page(path / fmt::format("mongoelector-{}.1", command->about().name), page_of(*command));
}

}  // namespace mongoelector::cli
