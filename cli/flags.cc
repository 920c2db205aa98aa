#include "cli/flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <numeric>
#include <sstream>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "cli/failure.h"
#include "mongoelector/connect.h"

namespace mongoelector::cli {

namespace {

using Words = std::vector<std::string>;

// Insertions, deletions, changes and swaps of neighbours that make `a` of `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  std::iota(cost[0].begin(), cost[0].end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
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

}  // namespace

std::vector<std::string> Word::choices() const {
  Words choices;
  if (value.find('|') == std::string::npos) return choices;
  std::istringstream in(value);
  for (std::string one; std::getline(in, one, '|');) choices.push_back(one);
  return choices;
}

Flag& Flag::type_name(const std::string& name) {
  option_.type_name(name);
  return *this;
}

Flag& Flag::required(bool needed) {
  option_.required(needed);
  return *this;
}

Flag& Flag::range(int least, int most) {
  // Its own description would become part of the type name: "N:INT in [0 - 255]".
  option_.check(CLI::Range(least, most).description(""));
  return *this;
}

Flag& Flag::or_alone(const std::string& value) {
  option_.expected(0, 1)->default_str(value);
  return *this;
}

Flags::Flags() : app_(std::make_unique<CLI::App>()) {
  app_->set_help_flag();
  app_->allow_extras();
  app_->option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

Flags::~Flags() = default;

Flag Flags::add_flag(const std::string& names, bool& value, const std::string& meaning) {
  return Flag(*app_->add_flag(names, value, meaning));
}

Flag Flags::add_option(const std::string& names, std::string& value, const std::string& meaning) {
  return Flag(*app_->add_option(names, value, meaning));
}

Flag Flags::add_option(const std::string& names, std::optional<std::string>& value,
                       const std::string& meaning) {
  return Flag(*app_->add_option(names, value, meaning));
}

Flag Flags::add_option(const std::string& names, int& value, const std::string& meaning) {
  return Flag(*app_->add_option(names, value, meaning));
}

Flag Flags::add_option(const std::string& names, std::optional<int>& value,
                       const std::string& meaning) {
  return Flag(*app_->add_option(names, value, meaning));
}

Flag Flags::add_option(const std::string& names, std::vector<std::string>& value,
                       const std::string& meaning) {
  return Flag(*app_->add_option(names, value, meaning));
}

Flag Flags::add_option(const std::string& names, std::function<void(const std::string&)> set,
                       const std::string& meaning) {
  return Flag(*app_->add_option_function<std::string>(names, set, meaning));
}

std::vector<Word> Flags::words() const {
  std::vector<Word> words;
  for (const CLI::Option* option : std::as_const(*app_).get_options()) {
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

bool Flags::takes_value(const std::string& word) const {
  const CLI::Option* option = app_->get_option_no_throw(word);
  return option != nullptr && option->get_expected_max() > 0;
}

void Flags::parse(std::vector<std::string> words, const std::string& see) {
  std::reverse(words.begin(), words.end());
  try {
    app_->parse(words);
  } catch (const CLI::ParseError& e) {
    refuse_extras(*app_, see);
    std::string what = e.what();
    // CLI11: "--ttl: 1 required DUR missing"
    if (const std::size_t at = what.find(": 1 required "); at != std::string::npos)
      what = what.substr(0, at) + " needs a value";
    throw Failure(Exit::usage, what, see);
  }
  refuse_extras(*app_, see);
}

std::string suggestion(std::string_view name, const std::vector<std::string>& known) {
  std::string best;
  // A third of the letters may be wrong; more is another word.
  std::size_t least = std::max<std::size_t>(name.size() / 3, 1) + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance >= least) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

}  // namespace mongoelector::cli
