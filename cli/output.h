// The only place that writes. stdout carries the answer and nothing else; whatever is said about
// it goes to stderr, each line starting with "mongoelector: ".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/failure.h"
#include "mongoelector/lease.h"

namespace mongoelector::cli {

enum class Verbosity { quiet, normal, verbose };

class Output {
 public:
  void configure(bool json, Verbosity verbosity) {
    json_ = json;
    verbosity_ = verbosity;
  }
  void configure_json(bool json) { json_ = json; }
  bool json() const { return json_; }
  bool verbose() const { return verbosity_ == Verbosity::verbose; }

  // The answer, as it is. A reader who has gone away ends the process, as others of a pipeline.
  void answer(std::string_view text);
  // For who has more to do before the end: false if nobody reads any more.
  bool offer(std::string_view text);
  // One line for people; not with --quiet.
  void note(std::string_view text);
  // Whether messages go to a terminal, where a line may be written over.
  bool can_redraw() const;
  // In the place of the present line, cut to fit; empty: leaves nothing there.
  void redraw(std::string_view text);
  // One line for the curious; only with --verbose.
  void detail(std::string_view text);
  // The line for a failure, and with --json the object.
  void fail(const Failure& failure);

 private:
  bool json_ = false;
  Verbosity verbosity_ = Verbosity::normal;
};

// Starts a document: {"schema": ..., "generated_at": ...}.
Json new_document(std::string_view schema);
// Non-ASCII is escaped: no text of a record can disguise itself on a terminal.
std::string to_text(const Json& document);
// The same on one line: JSON Lines.
std::string to_line(const Json& document);

// `text` as it is if it can be shown so, else quoted with everything that could fool a terminal
// escaped.
std::string shown(std::string_view text);

// Upper-case header, columns as wide as needed. On a terminal that is too narrow columns are left
// out from the right, never with `wide`.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string text(bool wide) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace mongoelector::cli
