// Whether the terms of one key overlap: verify() of mongoelector/records.h.
#include <algorithm>
#include <vector>

#include "mongoelector/records.h"

namespace mongoelector {

namespace {

// Somebody saw the term end; otherwise its end is an upper bound, or not known at all.
bool end_is_known(const TermRow& row) {
  return row.end.has_value() && row.ended_by != EndedBy::open && row.ended_by != EndedBy::expired;
}

void note_overlap(const TermRow& earlier, const TermRow& later, HistoryCheck& check) {
  const Duration by = *earlier.end - later.start - (earlier.blur + later.blur);
  if (by > Duration::zero())
    check.overlaps.push_back({.earlier = earlier.token, .later = later.token, .by = by});
}

}  // namespace

HistoryCheck verify(std::span<const TermRow> rows) {
  std::vector<const TermRow*> terms;
  for (const TermRow& row : rows) terms.push_back(&row);
  std::stable_sort(terms.begin(), terms.end(),
                   [](const TermRow* a, const TermRow* b) { return a->token < b->token; });
  HistoryCheck check{.terms = terms.size()};
  const TermRow* longest = nullptr;  // of those before, the one that beyond doubt lasted longest
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const TermRow& term = *terms[i];
    if (longest != nullptr) note_overlap(*longest, term, check);
    if (i + 1 < terms.size()) {
      check.uncertain += end_is_known(term) ? 0 : 1;
      // A term without any end leaves no gap that could be told.
      const TermRow& next = *terms[i + 1];
      const Duration gap = next.start - term.end.value_or(next.start) - (term.blur + next.blur);
      check.leaderless += std::max(gap, Duration::zero());
      check.longest_gap = std::max(check.longest_gap, gap);
    }
    const auto lasted = [](const TermRow& row) { return *row.end - row.blur; };
    if (end_is_known(term) && (longest == nullptr || lasted(term) > lasted(*longest)))
      longest = &term;
  }
  return check;
}

}  // namespace mongoelector
