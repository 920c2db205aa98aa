#include "verification/checker/checker.h"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

#include "verification/checker/endings.h"

namespace verification {

namespace {

using internal::Endings;
using internal::named;

constexpr Nanoseconds kEver = std::numeric_limits<Nanoseconds>::min();

// What a term surely covers, whatever its blur.
struct Cover {
  const Term* term = nullptr;
  std::optional<Nanoseconds> end = {};

  bool empty() const { return end && *end <= term->start; }
  Nanoseconds surely_begun() const { return term->start + term->blur; }
  Nanoseconds surely_going_until() const { return *end - term->blur; }
};

// A token, and the window in which it was given out.
struct Issue {
  NameId key = 0;
  Token token = 0;
  NameId client = 0;
  Nanoseconds earliest = 0;
  Nanoseconds latest = 0;
  bool term = false;
  Place place = {};
};

// Until when there may have been a master; not known after a term whose end nobody knows.
struct Mastered {
  bool known = false;
  Nanoseconds until = 0;
  Place place = {};

  void extend(const Cover& cover) {
    const Term& term = *cover.term;
    if (!cover.end && !term.latest_end) {
      known = false;
      return;
    }
    const Nanoseconds end = (cover.end ? *cover.end : *term.latest_end) + term.blur;
    if (!known || end > until) *this = {true, end, term.place};
  }
};

// From the first to the last attempt at a key somebody wanted a master.
struct Wanted {
  Nanoseconds from = 0;
  Nanoseconds to = 0;
  Place first = {};
  Place last = {};
};

class Judge {
 public:
  Judge(const History& history, const Demands& demands)
      : history_(history),
        demands_(demands),
        endings_(history),
        out_of_order_(history.names.size(), false) {}

  Verdict run() {
    counts_.records = history_.size();
    judge_tokens();
    judge_keys();
    internal::judge_registers(history_, found_, counts_);
    internal::judge_endings(history_, endings_, found_);
    count_unknown();
    std::stable_sort(found_.begin(), found_.end(), [](const Violation& a, const Violation& b) {
      return std::tie(a.promise, a.second.file, a.second.line) <
             std::tie(b.promise, b.second.file, b.second.line);
    });
    return std::move(verdict_);
  }

 private:
  void accuse(int promise, std::string what, Place first, Place second) {
    found_.push_back({promise, std::move(what), first, second});
  }

  std::string key(NameId id) const { return "\"" + history_.names.text(id) + "\""; }

  void count_unknown() {
    for (const Attempt& attempt : history_.attempts)
      counts_.unknown += attempt.outcome == Attempt::Outcome::unknown;
    for (const Release& release : history_.releases)
      counts_.unknown += release.outcome == Release::Outcome::unknown;
  }

  // ---- promise 2 ----

  std::vector<Issue> issues() const {
    std::vector<Issue> issues;
    issues.reserve(history_.terms.size());
    for (const Term& term : history_.terms) {
      // Noted by a client that stood still beyond its deadline: who knows when it was granted.
      const bool noted_late = term.deadline && *term.deadline <= term.start;
      issues.push_back({term.key, term.token, term.client,
                        noted_late ? kEver : term.start - term.blur, term.start + term.blur, true,
                        term.place});
    }
    for (const Attempt& attempt : history_.attempts) {
      if (!attempt.token) continue;
      issues.push_back({attempt.key, *attempt.token, attempt.client, attempt.at,
                        attempt.end.value_or(kMaxTime), false, attempt.place});
    }
    std::sort(issues.begin(), issues.end(), [](const Issue& a, const Issue& b) {
      return std::tie(a.key, a.token, a.earliest, a.term) <
             std::tie(b.key, b.token, b.earliest, b.term);
    });
    return issues;
  }

  void judge_tokens() {
    const std::vector<Issue> all = issues();
    const Issue* latest = nullptr;  // of the smaller tokens, the one that surely came last
    for (std::size_t i = 0; i < all.size();) {
      if (latest != nullptr && latest->key != all[i].key) latest = nullptr;
      std::size_t next = i;
      const Issue* of_term = nullptr;
      for (; next < all.size() && all[next].key == all[i].key && all[next].token == all[i].token;
           ++next) {
        judge_sharing(all[i], all[next], of_term);
        if (latest != nullptr && all[next].latest < latest->earliest)
          judge_order(*latest, all[next]);
        if (all[next].term) of_term = &all[next];
      }
      // The last of the group began latest.
      if (latest == nullptr || all[next - 1].earliest > latest->earliest) latest = &all[next - 1];
      i = next;
    }
  }

  void judge_sharing(const Issue& first, const Issue& issue, const Issue* term_before) {
    const bool resumed = issue.term && term_before != nullptr;
    if (issue.client == first.client && !resumed) return;
    const Issue& other = resumed ? *term_before : first;
    accuse(2, "token " + std::to_string(issue.token) + " of " + key(issue.key) +
                  (resumed ? " belongs to two terms, of " : " belongs to two clients, ") +
                  history_.names.text(other.client) + " and " + history_.names.text(issue.client),
           other.place, issue.place);
  }

  void judge_order(const Issue& before, const Issue& after) {
    out_of_order_[after.key] = true;
    accuse(2, history_.names.text(before.client) + " got token " + std::to_string(before.token) +
                  " of " + key(before.key) + " after " + history_.names.text(after.client) +
                  " got the larger " + std::to_string(after.token),
           after.place, before.place);
  }

  // ---- promises 1 and 9 ----

  // By token, as that is the order of starts even where the times are blurred; by start where the
  // tokens are wrong themselves.
  std::vector<Cover> covers() {
    std::vector<Cover> covers;
    covers.reserve(history_.terms.size());
    for (const Term& term : history_.terms) {
      covers.push_back({&term, endings_.end(term)});
      counts_.uncertain += covers.back().end ? 0 : 1;
    }
    std::sort(covers.begin(), covers.end(), [this](const Cover& a, const Cover& b) {
      if (a.term->key != b.term->key) return a.term->key < b.term->key;
      if (out_of_order_[a.term->key] || a.term->token == b.term->token)
        return a.surely_begun() < b.surely_begun();
      return a.term->token < b.term->token;
    });
    return covers;
  }

  std::map<NameId, Wanted> wanted() const {
    std::map<NameId, Wanted> wanted;
    for (const Attempt& attempt : history_.attempts) {
      const Nanoseconds end = attempt.end.value_or(attempt.at);
      const auto [entry, fresh] =
          wanted.try_emplace(attempt.key, Wanted{attempt.at, end, attempt.place, attempt.place});
      Wanted& span = entry->second;
      if (fresh) continue;
      if (attempt.at < span.from) span.from = attempt.at, span.first = attempt.place;
      if (end > span.to) span.to = end, span.last = attempt.place;
    }
    return wanted;
  }

  void judge_keys() {
    const std::vector<Cover> all = covers();
    auto spans = wanted();
    counts_.terms = all.size();
    for (std::size_t i = 0; i < all.size();) {
      std::size_t next = i;
      while (next < all.size() && all[next].term->key == all[i].term->key) ++next;
      const auto span = spans.find(all[i].term->key);
      judge_key(all.data() + i, all.data() + next, span == spans.end() ? nullptr : &span->second);
      if (span != spans.end()) spans.erase(span);
      ++counts_.keys;
      i = next;
    }
    for (const auto& [id, span] : spans) note_gap(id, span.from, span.first, span.to, span.last);
  }

  void judge_key(const Cover* begin, const Cover* end, const Wanted* wanted) {
    const NameId id = begin->term->key;
    const Cover* longest = nullptr;  // of those whose end is known, the one that ended last
    Mastered mastered;
    if (wanted != nullptr) mastered = {true, wanted->from, wanted->first};
    for (const Cover* cover = begin; cover != end; ++cover) {
      if (cover->empty()) continue;
      const Term& term = *cover->term;
      if (longest != nullptr) judge_overlap(*longest, *cover);
      if (mastered.known)
        note_gap(id, mastered.until, mastered.place, term.start - term.blur, term.place);
      if (cover->end &&
          (longest == nullptr || cover->surely_going_until() > longest->surely_going_until()))
        longest = cover;
      mastered.extend(*cover);
    }
    if (wanted != nullptr && mastered.known)
      note_gap(id, mastered.until, mastered.place, wanted->to, wanted->last);
  }

  void judge_overlap(const Cover& earlier, const Cover& later) {
    if (earlier.surely_going_until() <= later.surely_begun()) return;
    // Without the tokens' word for the order, the later one must surely have begun within.
    const bool sure_by_time =
        later.term->blur == 0 || (later.end && later.surely_going_until() > later.surely_begun());
    if (out_of_order_[later.term->key] && !sure_by_time) return;
    const Nanoseconds by = earlier.surely_going_until() - later.surely_begun();
    accuse(1, named(history_, *earlier.term) + " was still going on when " +
                  named(history_, *later.term) + " began, for " + std::to_string(by) + " ns",
           earlier.term->place, later.term->place);
  }

  void note_gap(NameId id, Nanoseconds from, Place from_at, Nanoseconds to, Place to_at) {
    const Nanoseconds gap = to - from;
    if (gap > counts_.longest_gap) {
      counts_.longest_gap = gap;
      counts_.gap_key = history_.names.text(id);
    }
    if (demands_.max_gap && gap > *demands_.max_gap) {
      accuse(9, key(id) + " had no master for " + std::to_string(gap) + " ns", from_at, to_at);
    }
  }

  const History& history_;
  const Demands& demands_;
  const Endings endings_;
  std::vector<bool> out_of_order_;  // by key: its tokens are
  Verdict verdict_;
  std::vector<Violation>& found_ = verdict_.violations;
  Counts& counts_ = verdict_.counts;
};

}  // namespace

Verdict judge(const History& history, const Demands& demands) {
  return Judge(history, demands).run();
}

}  // namespace verification
