#include "cli/syntax.h"

#include <sstream>

namespace mongoelector::cli {

namespace {

std::vector<Word> words_in(const CLI::App& app) {
  std::vector<Word> words;
  for (const CLI::Option* option : app.get_options()) {
    Word word{.names = {}, .value = {}, .meaning = option->get_description(),
              .is_flag = !option->get_positional()};
    for (const std::string& name : option->get_snames()) word.names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) word.names.push_back("--" + name);
    if (!word.is_flag) word.names.push_back(option->get_name());
    if (option->get_expected_max() > 0) word.value = option->get_type_name();
    words.push_back(std::move(word));
  }
  return words;
}

}  // namespace

std::vector<std::string> Word::choices() const {
  std::vector<std::string> choices;
  if (value.find('|') == std::string::npos) return choices;
  std::istringstream in(value);
  for (std::string one; std::getline(in, one, '|');) choices.push_back(one);
  return choices;
}

std::vector<Word> words_of(Command& command) {
  CLI::App app;
  app.set_help_flag();
  command.add_flags(app);
  return words_in(app);
}

std::vector<Word> global_words() {
  Globals globals;
  CLI::App app;
  app.set_help_flag();
  add_global_flags(app, globals);
  return words_in(app);
}

}  // namespace mongoelector::cli
