// The judge of histories. What each promise means stands in ../README.md; everything is decided by
// sorting and one sweep, O(n log n), without state from one call to the next.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "verification/checker/history.h"

namespace verification {

struct Violation {
  int promise = 0;
  std::string what;  // names the terms, for people
  Place first = {};
  Place second = {};  // where it shows; the same as `first` where one record says it all
};

struct Demands {
  std::optional<Nanoseconds> max_gap = {};  // promise 9 is only reported otherwise
};

struct Counts {
  std::size_t records = 0;
  std::size_t terms = 0;
  std::size_t keys = 0;       // that have terms
  std::size_t uncertain = 0;  // terms whose end is not known
  std::size_t unknown = 0;    // attempts, releases and writes of unknown outcome
  std::size_t accepted = 0;   // writes, fenced
  std::size_t refused = 0;
  std::size_t unfenced = 0;        // accepted writes, unfenced
  std::size_t unfenced_lost = 0;   // of those with a `final`
  Nanoseconds longest_gap = 0;
  std::string gap_key;  // whose gap that was
};

struct Verdict {
  std::vector<Violation> violations;  // by promise, then by place
  Counts counts;
};

Verdict judge(const History& history, const Demands& demands = {});

// For callers who only ask whether all is well.
inline std::vector<Violation> check(const History& history) { return judge(history).violations; }

}  // namespace verification
