#include "torture/program/arguments.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace mongoelector::torture {

Arguments::Arguments(const std::vector<std::string>& words, const std::set<std::string>& known) {
  for (std::size_t i = 0; i < words.size(); i += 2) {
    if (words[i] == "--") {
      rest_.assign(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
      return;
    }
    const std::string name = words[i].starts_with("--") ? words[i].substr(2) : std::string();
    if (!known.contains(name)) throw std::invalid_argument("unknown argument " + words[i]);
    if (i + 1 == words.size()) throw std::invalid_argument(words[i] + " needs a value");
    if (values_.contains(name) && name != "group")
      throw std::invalid_argument(words[i] + " is given twice");
    values_[name].push_back(words[i + 1]);
  }
}

std::string Arguments::text(const std::string& name, const std::string& otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? otherwise : found->second.front();
}

std::int64_t Arguments::number(const std::string& name, std::int64_t otherwise,
                               std::int64_t least) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return otherwise;
  const std::string& digits = found->second.front();
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (problem != std::errc() || end != digits.data() + digits.size() || value < least) {
    throw std::invalid_argument("--" + name + " is " + digits + "; it must be a number from " +
                                std::to_string(least) + " on");
  }
  return value;
}

std::string Arguments::word(const std::string& name,
                            const std::vector<std::string>& allowed) const {
  const std::string value = text(name, allowed.front());
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return value;
  std::string list;
  for (const std::string& one : allowed) list += (list.empty() ? "" : ", ") + one;
  throw std::invalid_argument("--" + name + " is " + value + "; it may be " + list);
}

std::vector<std::string> Arguments::all(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

}  // namespace mongoelector::torture
