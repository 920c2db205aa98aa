#include "core/state_table.h"

#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace mongoelector::test {

namespace {

const Result kNoChange;

std::string trimmed(const std::string& text) {
  const auto from = text.find_first_not_of(' ');
  if (from == std::string::npos) return {};
  return text.substr(from, text.find_last_not_of(' ') - from + 1);
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (std::size_t to = text.find(at); to != std::string::npos; to = text.find(at, from)) {
    parts.push_back(trimmed(text.substr(from, to - from)));
    from = to + 1;
  }
  parts.push_back(trimmed(text.substr(from)));
  return parts;
}

struct Column {
  std::string name;
  std::size_t at;
};

// Names are set apart by two spaces or more: "as it was" is one.
std::vector<Column> read_columns(const std::string& line) {
  static const std::regex name("[^ ]+( [^ ]+)*");
  std::vector<Column> columns;
  for (std::sregex_iterator found(line.begin(), line.end(), name), end; found != end; ++found)
    columns.push_back({found->str(), static_cast<std::size_t>(found->position())});
  return columns;
}

}  // namespace

Cell::Cell(const std::string& text, const Words& words) : text_(text), clauses_() {
  if (text.empty()) throw std::invalid_argument("an empty cell");
  for (std::string part : split(text, ',')) {
    Clause clause;
    const auto close = part.find(')');
    if (part.starts_with("(") && close != std::string::npos && close + 1 < part.size()) {
      clause.condition = part.substr(1, close - 1);
      if (!words.conditions.count(clause.condition))
        throw std::invalid_argument("unknown condition in the cell \"" + text + "\"");
      part = trimmed(part.substr(close + 1));
    }
    const char between = part.find('|') != std::string::npos ? '|' : '/';
    const auto ways = split(part, between);
    if (ways.empty() || ways.size() > 2)
      throw std::invalid_argument("cannot read the cell \"" + text + "\"");
    clause.plain = parse_result(ways[0], words);
    if (ways.size() == 2)
      (between == '|' ? clause.bar : clause.slash) = parse_result(ways[1], words);
    clauses_.push_back(std::move(clause));
  }
}

Result Cell::parse_result(const std::string& text, const Words& words) const {
  Result result;
  if (text == ".") return result;
  result.impossible = text == "-";
  if (result.impossible) return result;
  bool first = true;
  for (std::string word : split(text, ' ')) {
    if (word.ends_with("!")) {
      word.pop_back();
      result.marks.insert("!");
    }
    if (first && words.states.count(word)) {
      result.to = word;
    } else if (!words.marks.count(word) || !result.marks.insert(word).second) {
      throw std::invalid_argument("cannot read \"" + word + "\" in the cell \"" + text_ + "\"");
    }
    first = false;
  }
  return result;
}

const Result& Cell::pick(const Situation& situation) const {
  const auto chosen =
      std::find_if(clauses_.begin(), clauses_.end(), [&](const Clause& clause) {
        return !clause.condition.empty() && situation.conditions.count(clause.condition);
      });
  const auto fallback = std::find_if(clauses_.begin(), clauses_.end(), [](const Clause& clause) {
    return clause.condition.empty();
  });
  const auto clause = chosen != clauses_.end() ? chosen : fallback;
  if (clause == clauses_.end()) return kNoChange;
  const Result* result = &clause->plain;
  if (clause->bar && situation.bar) result = &*clause->bar;
  if (clause->slash && situation.slash) result = &*clause->slash;
  used_.insert(result);
  return *result;
}

std::vector<std::string> Cell::unused() const {
  std::vector<std::string> names;
  const auto look = [&](const Result& result) {
    if (!result.impossible && !used_.count(&result)) names.push_back(text_ + " -> " + result.to);
  };
  for (const Clause& clause : clauses_) {
    look(clause.plain);
    if (clause.bar) look(*clause.bar);
    if (clause.slash) look(*clause.slash);
  }
  return names;
}

StateTable::StateTable(const std::string& source, const Words& words,
                       const std::set<std::string>& columns) {
  const auto from = source.find("// clang-format off\n");
  const auto to = source.find("// clang-format on\n");
  if (from == std::string::npos || to == std::string::npos || to < from)
    throw std::invalid_argument("no table between clang-format off and on");
  std::stringstream lines(source.substr(from, to - from));
  std::vector<Column> header;
  for (std::string line; std::getline(lines, line);) {
    if (line == "//") header.clear();
    if (line.size() < 4 || !line.starts_with("// ")) continue;
    const std::string row = line.substr(3, line.find(' ', 3) - 3);
    if (line.starts_with("//        ")) {
      header = read_columns(line.substr(2));
      for (Column& column : header) {
        column.at += 2;
        if (!columns.count(column.name))
          throw std::invalid_argument("unknown column \"" + column.name + "\"");
      }
    } else if (!header.empty() && line[3] != ' ') {
      if (!words.states.count(row)) throw std::invalid_argument("unknown row \"" + row + "\"");
      for (std::size_t i = 0; i < header.size(); ++i) {
        const std::size_t at = header[i].at;
        if (line.size() <= at || line[at - 1] != ' ')
          throw std::invalid_argument("row " + row + ": the cell of " + header[i].name +
                                      " does not start under its name");
        const std::size_t size = i + 1 < header.size() ? header[i + 1].at - at : line.npos;
        Cell cell(trimmed(line.substr(at, size)), words);
        if (!cells_.emplace(std::pair(row, header[i].name), std::move(cell)).second)
          throw std::invalid_argument("two cells for " + row + " x " + header[i].name);
      }
    }
  }
}

bool StateTable::has(const std::string& row, const std::string& column) const {
  return cells_.count({row, column}) > 0;
}

const Cell& StateTable::at(const std::string& row, const std::string& column) const {
  static const Cell not_shown;
  const auto found = cells_.find({row, column});
  return found == cells_.end() ? not_shown : found->second;
}

std::vector<std::string> StateTable::unused() const {
  std::vector<std::string> names;
  for (const auto& [where, cell] : cells_) {
    for (const std::string& what : cell.unused())
      names.push_back(where.first + " x " + where.second + ": " + what);
  }
  return names;
}

std::string core_source(const std::string& name) {
  const std::string path = std::string(MONGOELECTOR_SOURCE_DIR) + "/src/core/" + name;
  std::ifstream in(path);
  if (!in) throw std::invalid_argument("cannot read " + path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> enumerators(const std::string& source, const std::string& name) {
  static const std::regex comment("//[^\n]*");
  static const std::regex word("[a-z_]+");
  const auto from = source.find("enum class " + name + " ");
  if (from == std::string::npos) throw std::invalid_argument("no enum " + name);
  const auto open = source.find('{', from);
  const std::string body = std::regex_replace(
      source.substr(open + 1, source.find("};", open) - open - 1), comment, "");
  std::vector<std::string> names;
  for (std::sregex_iterator found(body.begin(), body.end(), word), end; found != end; ++found)
    names.push_back(found->str());
  return names;
}

}  // namespace mongoelector::test
