// How terms end: what the records say about it, taken together. Internal to the checker.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "verification/checker/checker.h"

namespace verification::internal {

// What is known of the release of one term.
struct Ending {
  NameId key = 0;
  Token token = 0;
  std::optional<Nanoseconds> began = {};     // the first release was sent
  std::optional<Nanoseconds> answered = {};  // the first answer `released`
  std::optional<Nanoseconds> applied = {};   // the store removed the lease
  Place began_at = {};
  Place answered_at = {};
  Place applied_at = {};
};

class Endings {
 public:
  explicit Endings(const History& history);

  const Ending* find(NameId key, Token token) const;
  // A crash of the client in [from, to].
  bool crashed(NameId client, Nanoseconds from, Nanoseconds to) const;
  // The end of what the term covers; nothing if nobody can tell.
  std::optional<Nanoseconds> end(const Term& term) const;
  // What the client itself said: `end`, cut at the deadline.
  static std::optional<Nanoseconds> stated_end(const Term& term);

 private:
  void collect_releases(const History& history);

  std::vector<Crash> crashes_;   // by client and time
  std::vector<Ending> endings_;  // by key and token
};

// Promises 4, 6 and 7.
void judge_endings(const History& history, const Endings& endings, std::vector<Violation>& found);
// Promise 3, with its counts.
void judge_registers(const History& history, std::vector<Violation>& found, Counts& counts);

// w1's term of "k" with token 5
std::string named(const History& history, const Term& term);

}  // namespace verification::internal
