// One line of a history, by the table of ../README.md. Internal to the reader.
#pragma once

#include <string>
#include <string_view>

#include "verification/checker/flat_json.h"
#include "verification/checker/history.h"

namespace verification::internal {

class LineReader {
 public:
  explicit LineReader(History& history) : history_(history) {}

  // Adds the record, or says what is wrong with the line: the answer is empty if nothing is.
  std::string read(std::string_view line, Place place);

 private:
  void take_record(const std::string& kind, Place place);
  void take_term(Place place);
  void take_attempt(Place place);
  void take_release(Place place);
  void take_request(Place place);
  void take_applied(Place place);
  void take_write(Place place);

  // Each takes the field of that name, or notes what is wrong with it.
  Field* field(std::string_view name, Field::Kind kind, bool needed);
  NameId name(std::string_view field);
  Nanoseconds time(std::string_view field);
  std::optional<Nanoseconds> maybe_time(std::string_view field);
  std::optional<Token> maybe_token();
  Token token();
  std::size_t word(std::string_view field, std::initializer_list<std::string_view> words);

  void wrong(std::string what) {
    if (trouble_.empty()) trouble_ = std::move(what);
  }

  History& history_;
  FlatObject object_;
  std::string trouble_;
};

}  // namespace verification::internal
