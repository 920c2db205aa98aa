// The flags and arguments that a parser knows. Everything else of the tool sees CLI11 through this:
// whatever includes its header makes a dozen objects of it at every start of the program.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace mongoelector::cli {

// As it can be typed. Help, man pages and completion are all made of this, so that none of them can
// know something else.
struct Word {
  std::vector<std::string> names;  // "-w", "--wait"; of an argument its name alone: "ELECTION"
  std::string value;               // what follows a flag: "DUR", "[SEC]", "kill|warn", or ""
  std::string meaning;
  bool is_flag = true;

  bool needs_value() const { return !value.empty() && value.front() != '['; }
  // The words that may follow the flag, or be the argument; empty: anything.
  std::vector<std::string> choices() const;
  bool names_a_file() const { return value == "FILE" || value == "PATH" || value == "DIR"; }
};

// Says more about a flag that was just added.
class Flag {
 public:
  explicit Flag(CLI::Option& option) : option_(option) {}

  Flag& type_name(const std::string& name);
  Flag& required(bool needed = true);
  Flag& range(int least, int most);
  // Without a value it means `value`.
  Flag& or_alone(const std::string& value);

 private:
  CLI::Option& option_;
};

class Flags {
 public:
  Flags();
  ~Flags();
  Flags(const Flags&) = delete;
  Flags& operator=(const Flags&) = delete;

  // `names` are "-w,--wait", or "NAME" for an argument. parse() writes to `value`, or calls `set`.
  Flag add_flag(const std::string& names, bool& value, const std::string& meaning);
  Flag add_option(const std::string& names, std::string& value, const std::string& meaning);
  Flag add_option(const std::string& names, std::optional<std::string>& value,
                  const std::string& meaning);
  Flag add_option(const std::string& names, int& value, const std::string& meaning);
  Flag add_option(const std::string& names, std::optional<int>& value,
                  const std::string& meaning);
  Flag add_option(const std::string& names, std::vector<std::string>& value,
                  const std::string& meaning);
  Flag add_option(const std::string& names, std::function<void(const std::string&)> set,
                  const std::string& meaning);

  // In the order in which they were added.
  std::vector<Word> words() const;
  // Whether this is a flag to which the next word belongs.
  bool takes_value(const std::string& word) const;
  // Once. Of several values for one flag the last counts. Throws Failure, with the hint `see` where
  // it knows no better one.
  void parse(std::vector<std::string> words, const std::string& see);

 private:
  const std::unique_ptr<CLI::App> app_;
};

// For a name that does not exist: the most similar one of `known`, if it is similar at all.
std::string suggestion(std::string_view name, const std::vector<std::string>& known);

}  // namespace mongoelector::cli
