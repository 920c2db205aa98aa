// One flat JSON object: names with numbers, texts, truth values, null, and lists of integers. What
// the lines of a history need and no more. Internal to the reader.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace verification::internal {

struct Field {
  enum class Kind : std::uint8_t { null, truth, integer, natural, text, list };
  std::string name;
  Kind kind = Kind::null;
  bool truth = false;
  std::int64_t integer = 0;   // of an `integer`, and of a `natural` that fits
  std::uint64_t natural = 0;  // of a `natural`: an integer that is not negative
  std::string text;
  std::vector<std::int64_t> list;
  bool used = false;  // by whoever reads the object
};

class FlatObject {
 public:
  // Replaces what was there. On trouble says what; a name that occurs twice is trouble.
  std::optional<std::string> parse(std::string_view line);

  Field* find(std::string_view name);
  std::vector<Field>::iterator begin() { return fields_.begin(); }
  std::vector<Field>::iterator end() { return fields_.begin() + static_cast<long>(count_); }

 private:
  friend class FlatHandler;
  std::vector<Field> fields_;  // kept from line to line for their memory
  std::size_t count_ = 0;
};

}  // namespace verification::internal
