// The only place that writes. stdout carries the answer and nothing else; whatever is said about
// it goes to stderr, each line starting with "mongoelector: ", or as JSON Lines
// (mongoelector.log/1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/failure.h"
#include "mongoelector/lease.h"

namespace mongoelector::cli {

enum class Verbosity { quiet, normal, verbose };

struct OutputStyle {
  bool json = false;       // documents, and objects for errors
  bool one_line = false;   // each document on a line of its own
  bool json_log = false;   // messages as JSON Lines
  bool color = false;      // where there is a terminal
  Verbosity verbosity = Verbosity::normal;
};

// How a word is meant, for eyes only: it has to be said by the word, too.
enum class Tone { good, doubtful, bad };

class Output {
 public:
  void configure(const OutputStyle& style);
  bool json() const { return style_.json; }
  bool verbose() const { return style_.verbosity == Verbosity::verbose; }

  // The answer, as it is. A reader who has gone away ends the process, as others of a pipeline.
  void answer(std::string_view text);
  // For who has more to do before the end: false if nobody reads any more.
  bool offer(std::string_view text);
  // The same for JSON.
  void answer_document(const Json& document);
  // `word` as the answer shows it: in colour if stdout is a terminal that may have it.
  std::string toned(Tone tone, std::string_view word) const;
  // One line for people; not with --quiet.
  void note(std::string_view text);
  // The same for what is likely to be wrong.
  void warn(std::string_view text);
  // A question on the terminal, as it is.
  void prompt(std::string_view text) const;
  // Whether messages go to a terminal, where a line may be written over.
  bool can_redraw() const;
  // In the place of the present line, cut to fit; empty: leaves nothing there.
  void redraw(std::string_view text);
  // One line for the curious; only with --verbose.
  void detail(std::string_view text);
  // The line for a failure, and with --json the object.
  void fail(const Failure& failure);

 private:
  void log(std::string_view level, std::string_view text, const Json& error = nullptr) const;

  OutputStyle style_;
  bool colored_answer_ = false;
  bool colored_messages_ = false;
};

// Starts a document: {"schema": ..., "generated_at": ...}.
Json new_document(std::string_view schema);
// Non-ASCII is escaped: no text of a record can disguise itself on a terminal.
std::string to_text(const Json& document);
// The same on one line: JSON Lines.
std::string to_line(const Json& document);
// A line for one item of a list: a document of this schema with the item's keys.
std::string to_line(std::string_view schema, const Json& item);

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
