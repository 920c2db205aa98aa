// The command line of a program that people and programs start: --name value, and what follows --.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace mongoelector::torture {

class Arguments {
 public:
  // `words` without the program and its command. Throws std::invalid_argument for names that are
  // not known, names twice (but for --group), and values that are missing.
  Arguments(const std::vector<std::string>& words, const std::set<std::string>& known);

  std::string text(const std::string& name, const std::string& otherwise = {}) const;
  // Throws std::invalid_argument for what is no number from `least` on.
  std::int64_t number(const std::string& name, std::int64_t otherwise, std::int64_t least) const;
  // One of a few words, or std::invalid_argument.
  std::string word(const std::string& name, const std::vector<std::string>& allowed) const;
  std::vector<std::string> all(const std::string& name) const;
  const std::vector<std::string>& rest() const { return rest_; }

 private:
  std::map<std::string, std::vector<std::string>> values_;
  std::vector<std::string> rest_;
};

}  // namespace mongoelector::torture
