#include <fmt/format.h>

#include <algorithm>

#include "cli/completion.h"
#include "cli/syntax.h"

namespace mongoelector::cli {

namespace {

using Strings = std::vector<std::string>;

std::string joined(const Strings& words, const char* between = " ") {
  return fmt::format("{}", fmt::join(words, between));
}

// In single quotes for a shell.
std::string quote(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

Strings names_of(const Command& command) {
  Strings names{std::string(command.about().name)};
  if (!command.about().alias.empty()) names.emplace_back(command.about().alias);
  return names;
}

Strings all_names() {
  Strings names;
  for (const auto& command : all_commands())
    for (std::string& name : names_of(*command)) names.push_back(std::move(name));
  return names;
}

Strings flags_in(const std::vector<Word>& words) {
  Strings flags;
  for (const Word& word : words)
    if (word.is_flag) flags.insert(flags.end(), word.names.begin(), word.names.end());
  return flags;
}

// The global flags after which a word is a value and not the command.
Strings global_flags_with_value() {
  Strings flags;
  for (const Word& word : global_words())
    if (word.needs_value()) flags.insert(flags.end(), word.names.begin(), word.names.end());
  return flags;
}

// What an argument may be, as far as it is known without a store.
Strings choices_of(const Word& argument) {
  return argument.names.front() == "COMMAND" ? all_names() : argument.choices();
}

// The words for the value of each flag; `commands` is a pattern, * for all.
std::string bash_values(const std::string& commands, const std::vector<Word>& words) {
  std::string out;
  for (const Word& word : words) {
    if (!word.is_flag || !word.needs_value()) continue;
    Strings patterns;
    for (const std::string& name : word.names) patterns.push_back(commands + ":" + name);
    const Strings choices = word.choices();
    const std::string action = word.names_a_file() ? "_mongoelector_files \"$cur\"; return"
                               : choices.empty()   ? "return"
                                                   : "words=" + quote(joined(choices));
    out += fmt::format("    {}) {} ;;\n", joined(patterns, "|"), action);
  }
  return out;
}

constexpr char kBashHead[] = R"(# Completion for bash. Made by: mongoelector completion bash
_mongoelector_files() {
  mapfile -t COMPREPLY < <(compgen -f -- "$1")
  compopt -o filenames 2> /dev/null
}

_mongoelector() {
  local IFS=$' \t\n' line before cur flag= command= words= flags= i
  COMPREPLY=()
  # Not COMP_WORDS: they are cut at every : and =.
  before=${COMP_LINE:0:COMP_POINT}
  read -ra line <<< "$before"
  [[ $before == *[[:space:]] ]] && line+=('')
  local last=$((${#line[@]} - 1))
  cur=${line[last]}
  for ((i = 1; i < last; ++i)); do
    case ${line[i]} in
)";

constexpr char kBashMiddle[] = R"(      -*) ;;
      *) [[ -n $command ]] || command=${line[i]} ;;
    esac
  done
  flag=${line[last - 1]}
  if [[ $cur == --*=* ]]; then
    flag=${cur%%=*}
    cur=${cur#*=}
  fi
  case $command:$flag in
)";

constexpr char kZshTail[] = R"(
  esac
}

if [[ $funcstack[1] == _mongoelector ]]; then
  _mongoelector "$@"
else
  compdef _mongoelector mongoelector
fi
)";

// In a specification of _arguments, inside single quotes.
std::string zsh_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c == '`' || c == '$' ? ' ' : c;
  }
  return out;
}

std::string zsh_value(const Word& word, const Strings& choices) {
  const std::string name = word.is_flag ? (choices.empty() ? word.value : "word")
                                        : word.names.front();
  const std::string action = word.names_a_file() ? "_files"
                             : choices.empty()   ? " "
                                                 : "(" + joined(choices) + ")";
  return ":" + zsh_text(name) + ":" + action;
}

Strings zsh_flags(const std::vector<Word>& words) {
  Strings specs;
  for (const Word& word : words) {
    if (!word.is_flag) continue;
    for (const std::string& name : word.names) {
      std::string spec =
          fmt::format("({}){}[{}]", joined(word.names), name, zsh_text(word.meaning));
      if (word.needs_value()) spec += zsh_value(word, word.choices());
      specs.push_back(quote(spec));
    }
  }
  return specs;
}

std::string zsh_case(Command& command, const Strings& globals) {
  const auto words = words_of(command);
  Strings specs = zsh_flags(words);
  for (const Word& word : words)
    if (!word.is_flag) specs.push_back(quote(":" + zsh_value(word, choices_of(word))));
  if (command.about().starts_a_command) specs.push_back(quote("*::command:_normal"));
  specs.insert(specs.end(), globals.begin(), globals.end());
  return fmt::format("    {})\n      _arguments -s {}\n      ;;\n", joined(names_of(command), "|"),
                     joined(specs, " \\\n        "));
}

std::string fish_flags(const std::string& condition, const std::vector<Word>& words) {
  std::string out;
  for (const Word& word : words) {
    std::string line = "complete -c mongoelector" + condition;
    if (!word.is_flag) {
      const Strings choices = choices_of(word);
      if (!choices.empty()) out += line + " -a " + quote(joined(choices)) + "\n";
      continue;
    }
    for (const std::string& name : word.names)
      line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (word.needs_value()) {
      const Strings choices = word.choices();
      line += word.names_a_file() ? " -r -F" : " -x";
      if (!choices.empty()) line += " -a " + quote(joined(choices));
    }
    out += line + " -d " + quote(word.meaning) + "\n";
  }
  return out;
}

constexpr char kFishHead[] = R"(# Completion for fish. Made by: mongoelector completion fish
# Succeeds if the line so far has one of these commands; the empty one: none yet.
function __mongoelector_is
    set -l tokens (commandline -opc)
    set -l command ''
    set -l skip 0
    for token in $tokens[2..]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $token
            case --
                return 1
            case )";

constexpr char kFishMiddle[] = R"(
                set skip 1
            case '-*'
            case '*'
                test -n "$command"; or set command $token
        end
    end
    contains -- "$command" $argv
end
function __mongoelector_wraps
    contains -- -- (commandline -opc)
end
complete -c mongoelector -f
complete -c mongoelector -n __mongoelector_wraps -F
)";

}  // namespace

std::string bash_completion() {
  const std::string skip = joined(global_flags_with_value(), "|");
  std::string out = kBashHead;
  out +=
      "      --)\n"
      "        if ((i == last - 1)); then\n"
      "          mapfile -t COMPREPLY < <(compgen -c -- \"$cur\")\n"
      "        else\n"
      "          _mongoelector_files \"$cur\"\n"
      "        fi\n"
      "        return\n"
      "        ;;\n";
  out += fmt::format("      {}) ((++i)) ;;\n", skip) + kBashMiddle;
  std::string commands = fmt::format("    '') words={} ;;\n", quote(joined(all_names())));
  for (const auto& command : all_commands()) {
    const auto words = words_of(*command);
    const std::string names = joined(names_of(*command), "|");
    for (const std::string& name : names_of(*command)) out += bash_values(name, words);
    Strings choices;
    for (const Word& word : words)
      if (!word.is_flag)
        for (std::string& one : choices_of(word)) choices.push_back(std::move(one));
    commands += fmt::format("    {}) words={} flags={} ;;\n", names, quote(joined(choices)),
                            quote(joined(flags_in(words))));
  }
  out += bash_values("*", global_words());
  out += "  esac\n  if [[ -z $words ]]; then\n    case $command in\n" + commands + "    esac\n";
  out += fmt::format("    [[ $cur != -* ]] || words=\"$flags {}\"\n  fi\n",
                     joined(flags_in(global_words())));
  out += "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n}\n";
  return out + "complete -F _mongoelector mongoelector\n";
}

std::string zsh_completion() {
  const Strings globals = zsh_flags(global_words());
  Strings commands;
  for (const auto& command : all_commands())
    for (const std::string& name : names_of(*command))
      commands.push_back(quote(name + ":" + std::string(command->about().summary)));
  std::string out =
      "#compdef mongoelector\n# Completion for zsh. Made by: mongoelector completion zsh\n"
      "_mongoelector() {\n  local curcontext=$curcontext state state_descr line\n"
      "  typeset -A opt_args\n  local -a commands\n  commands=(\n    ";
  out += joined(commands, "\n    ") + "\n  )\n";
  out += "  _arguments -C -s \\\n    " + joined(globals, " \\\n    ") +
         " \\\n    '1: :->command' \\\n    '*:: :->rest'\n";
  out += "  case $state in\n    command) _describe command commands; return ;;\n"
         "    rest) ;;\n    *) return ;;\n  esac\n  case $words[1] in\n";
  for (const auto& command : all_commands()) out += zsh_case(*command, globals);
  return out + (kZshTail + 1);
}

std::string fish_completion() {
  std::string out = kFishHead + joined(global_flags_with_value()) + kFishMiddle;
  for (const auto& command : all_commands()) {
    for (const std::string& name : names_of(*command))
      out += fmt::format("complete -c mongoelector -n \"__mongoelector_is ''\" -a {} -d {}\n", name,
                         quote(std::string(command->about().summary)));
    const std::string condition =
        fmt::format(" -n '__mongoelector_is {}'", joined(names_of(*command)));
    out += fish_flags(condition, words_of(*command));
  }
  return out + fish_flags(" -n 'not __mongoelector_wraps'", global_words());
}

}  // namespace mongoelector::cli
