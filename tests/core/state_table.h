// Reads the state tables that stand as comments in src/core/*.h, so that what is written there is
// what is tested. Whatever it does not understand throws std::invalid_argument: a table nobody can
// parse must fail a test, never shrink it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace mongoelector::test {

// What one alternative of a cell says: the state it leads to (empty: the same) and its marks ("!",
// "W", "(run)", ...).
struct Result {
  std::string to;
  std::set<std::string> marks;
  bool impossible = false;  // "-"
  bool no_change() const { return to.empty() && marks.empty() && !impossible; }
  bool has(const std::string& mark) const { return marks.count(mark) > 0; }
};

// "plain", "plain|bar" or "plain / slash", all of it perhaps only under "(condition)".
struct Clause {
  std::string condition;
  Result plain;
  std::optional<Result> bar;
  std::optional<Result> slash;
};

// Which of its alternatives holds now.
struct Situation {
  std::set<std::string> conditions;
  bool bar = false;
  bool slash = false;
};

struct Words {
  std::set<std::string> states;
  std::set<std::string> marks;
  std::set<std::string> conditions;
};

class Cell {
 public:
  Cell() = default;
  Cell(const std::string& text, const Words& words);
  // The alternative that applies; remembers that it did.
  const Result& pick(const Situation& situation) const;
  // Alternatives that no pick() ever led to.
  std::vector<std::string> unused() const;

 private:
  Result parse_result(const std::string& text, const Words& words) const;

  std::string text_ = ".";
  std::vector<Clause> clauses_ = {Clause{}};
  mutable std::set<const Result*> used_;
};

class StateTable {
 public:
  // All tables of the header, one under the other. Columns must be among `columns`.
  StateTable(const std::string& source, const Words& words, const std::set<std::string>& columns);
  bool has(const std::string& row, const std::string& column) const;
  // A cell that is not shown means "no change".
  const Cell& at(const std::string& row, const std::string& column) const;
  std::vector<std::string> unused() const;

 private:
  std::map<std::pair<std::string, std::string>, Cell> cells_;
};

// The text of src/core/<name>.
std::string core_source(const std::string& name);
// Names of `enum class <name>` in their order.
std::vector<std::string> enumerators(const std::string& source, const std::string& name);

}  // namespace mongoelector::test
