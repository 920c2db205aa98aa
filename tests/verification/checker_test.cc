// The checker rejects what is bad and names the promise, accepts what is odd but legal, and notices
// whatever legal history is broken.
#include "verification/checker/checker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "verification/cases.h"

namespace verification {
namespace {

std::set<int> promises(const Verdict& verdict) {
  std::set<int> promises;
  for (const Violation& violation : verdict.violations) promises.insert(violation.promise);
  return promises;
}

std::string first_of(const Verdict& verdict) {
  return verdict.violations.empty() ? "" : verdict.violations.front().what;
}

TEST(checker, rejects_every_bad_history_for_its_own_reason_alone) {
  std::map<int, int> per_promise;
  for (const Case& bad : bad_cases()) {
    const Verdict verdict = judge(bad.history(), {.max_gap = kCaseMaxGap});
    EXPECT_EQ(promises(verdict), std::set{bad.promise}) << bad.name << ": " << first_of(verdict);
    ++per_promise[bad.promise];
  }
  int all = 0;
  for (const int promise : {1, 2, 3, 4, 6, 7, 9}) {
    EXPECT_GE(per_promise[promise], 4) << "bad histories of promise " << promise;
    all += per_promise[promise];
  }
  EXPECT_GE(all, 30);
}

TEST(checker, accepts_every_odd_but_legal_history) {
  const auto cases = legal_cases();
  for (const Case& legal : cases) {
    const Verdict verdict = judge(legal.history(), {.max_gap = kCaseMaxGap});
    EXPECT_TRUE(verdict.violations.empty()) << legal.name << ": " << first_of(verdict);
  }
  EXPECT_GE(cases.size(), 30U);
}

TEST(checker, shows_both_terms_and_their_lines) {
  History history;
  const NameId key = history.names.id("k");
  history.terms = {{.client = history.names.id("a"), .key = key, .token = 1, .start = 0, .end = 10,
                    .place = {0, 3}},
                   {.client = history.names.id("b"), .key = key, .token = 2, .start = 5, .end = 15,
                    .place = {1, 7}}};
  const auto violations = check(history);
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].what,
            "a's term of \"k\" with token 1 was still going on when b's term of \"k\" with token 2 "
            "began, for 5 ns");
  EXPECT_EQ(violations[0].first.line, 3U);
  EXPECT_EQ(violations[0].second.file, 1U);
  EXPECT_EQ(violations[0].second.line, 7U);
}

TEST(checker, counts_what_it_does_not_accuse) {
  const std::string text =
      R"({"kind":"term","client":"a","key":"k","token":"1","start_ns":0,"end_ns":10}
{"kind":"term","client":"b","key":"k","token":"2","start_ns":40,"end_ns":null}
{"kind":"attempt","client":"c","key":"k","at_ns":5,"end_ns":null,"outcome":"unknown"}
{"kind":"write","register":"f","fenced":true,"token":"1","at_ns":1,"accepted":true}
{"kind":"write","register":"f","fenced":true,"token":"1","at_ns":2,"accepted":null}
{"kind":"write","register":"f","fenced":true,"token":"1","at_ns":3,"accepted":false}
{"kind":"write","register":"u","fenced":false,"at_ns":1,"accepted":true}
{"kind":"write","register":"u","fenced":false,"at_ns":2,"accepted":true}
{"kind":"final","register":"u","value":1}
)";
  const Verdict verdict = judge(Case{0, "counts", text}.history());
  EXPECT_TRUE(verdict.violations.empty()) << first_of(verdict);
  const Counts& counts = verdict.counts;
  EXPECT_EQ(counts.records, 9U);
  EXPECT_EQ(counts.terms, 2U);
  EXPECT_EQ(counts.keys, 1U);
  EXPECT_EQ(counts.uncertain, 1U);
  EXPECT_EQ(counts.unknown, 2U);
  EXPECT_EQ(counts.accepted, 1U);
  EXPECT_EQ(counts.refused, 1U);
  EXPECT_EQ(counts.unfenced, 2U);
  EXPECT_EQ(counts.unfenced_lost, 1U);
  EXPECT_EQ(counts.longest_gap, 30);
  EXPECT_EQ(counts.gap_key, "k");
}

std::vector<Violation> judged_writes(std::vector<std::pair<Token, std::uint64_t>> writes) {
  History history;
  Nanoseconds at = 0;
  for (const auto& [token, value] : writes) {
    history.writes.push_back({.reg = history.names.id("r"),
                              .fenced = true,
                              .token = token,
                              .at = ++at,
                              .accepted = true,
                              .value = value});
  }
  return check(history);
}

TEST(checker, tells_one_lost_update_once_and_each_token_that_is_too_old) {
  EXPECT_EQ(judged_writes({{1, 1}, {1, 2}, {1, 2}, {1, 3}, {1, 4}}).size(), 1U);
  EXPECT_EQ(judged_writes({{5, 1}, {3, 2}, {4, 3}, {5, 4}}).size(), 2U);
}

TEST(checker, finds_the_one_overlap_among_a_million_terms) {
  History history;
  const NameId key = history.names.id("k");
  for (int i = 0; i < 1'000'000; ++i) {
    history.terms.push_back({.client = history.names.id(i % 2 == 0 ? "a" : "b"),
                             .key = key,
                             .token = static_cast<Token>(i) + 1,
                             .start = i * 100LL,
                             .end = i * 100LL + 90,
                             .told = std::vector<Nanoseconds>{i * 100LL + 95}});
  }
  std::reverse(history.terms.begin(), history.terms.end());
  EXPECT_TRUE(check(history).empty());
  history.terms[300'000].deadline.reset();
  *history.terms[300'000].end += 11;
  history.terms[300'000].told.reset();
  const auto violations = check(history);
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].promise, 1);
}

// ---- legal histories, broken ----

// Breaks a history if it has what it takes, and says so.
struct Breaker {
  std::string name;
  int promise = 0;
  std::function<bool(History&)> breaks;
};

// Two terms of one key that follow each other and whose times are plain.
std::optional<std::pair<Term*, Term*>> a_pair(History& history) {
  const auto plain = [](const Term& term) {
    return term.end && *term.end > term.start && !term.deadline && term.blur == 0;
  };
  for (Term& first : history.terms) {
    for (Term& second : history.terms) {
      if (first.key == second.key && plain(first) && plain(second) && *first.end <= second.start)
        return std::pair(&first, &second);
    }
  }
  return {};
}

Term* a_plain_term(History& history) {
  for (Term& term : history.terms)
    if (term.end && !term.deadline && term.blur == 0) return &term;
  return nullptr;
}

Write* an_accepted_write(History& history) {
  for (Write& write : history.writes)
    if (write.fenced && write.accepted == true) return &write;
  return nullptr;
}

bool with_pair(History& history, const std::function<void(Term&, Term&)>& change) {
  const auto pair = a_pair(history);
  if (pair) change(*pair->first, *pair->second);
  return pair.has_value();
}

std::vector<Breaker> term_breakers() {
  return {
      {"the first term lasts into the second", 1,
       [](History& history) {
         return with_pair(history, [](Term& a, Term& b) { a.end = b.start + 1; });
       }},
      {"the second term begins within the first", 1,
       [](History& history) {
         return with_pair(history, [](Term& a, Term& b) { b.start = *a.end - 1; });
       }},
      {"the first holder never ends", 1,
       [](History& history) {
         return with_pair(history, [](Term& a, Term& b) {
           a.end.reset();
           a.told.reset();
           a.deadline = b.start + 1;
         }) && history.crashes.empty() && history.releases.empty();
       }},
      {"the tokens are swapped", 2,
       [](History& history) {
         return with_pair(history, [](Term& a, Term& b) { std::swap(a.token, b.token); });
       }},
      {"the token is used again", 2,
       [](History& history) {
         return with_pair(history, [](Term& a, Term& b) { b.token = a.token; });
       }},
      {"the same line twice", 2,
       [](History& history) {
         if (!history.terms.empty()) history.terms.push_back(history.terms.front());
         return !history.terms.empty();
       }},
      {"the end is told once more", 4,
       [](History& history) {
         Term* term = a_plain_term(history);
         if (term != nullptr) term->told = {*term->end, *term->end};
         return term != nullptr;
       }},
      {"the end is told before the start", 4,
       [](History& history) {
         Term* term = a_plain_term(history);
         if (term != nullptr) term->told = {term->start - 1};
         return term != nullptr;
       }},
      {"the end is told after the next start", 4,
       [](History& history) {
         return with_pair(history, [](Term& a, Term& b) {
           b.client = a.client;
           a.told = {b.start + 1};
         });
       }},
      {"the end is before the start", 4,
       [](History& history) {
         Term* term = a_plain_term(history);
         if (term != nullptr) term->end = term->start - 1;
         return term != nullptr;
       }},
  };
}

std::vector<Breaker> other_breakers() {
  return {
      {"its release begins too early", 6,
       [](History& history) {
         Term* term = a_plain_term(history);
         if (term == nullptr || *term->end <= term->start) return false;
         history.releases.push_back(
             {.client = term->client, .key = term->key, .token = term->token,
              .at = *term->end - 1});
         return true;
       }},
      {"it is renewed after its release", 6,
       [](History& history) {
         if (history.releases.empty() || !history.releases[0].token) return false;
         const Release& release = history.releases[0];
         history.requests.push_back(
             {release.client, release.key, *release.token, release.at + 1000});
         return true;
       }},
      {"it is written after \"released\"", 7,
       [](History& history) {
         for (const Release& release : history.releases) {
           if (release.outcome != Release::Outcome::released || !release.token) continue;
           history.applied.push_back({release.key, *release.token, *release.end + 1});
           return true;
         }
         return false;
       }},
      {"an older token is accepted", 3,
       [](History& history) {
         const Write* write = an_accepted_write(history);
         if (write == nullptr || write->token == 0) return false;
         Write older = *write;
         older.token -= 1;
         older.at += 1'000'000;
         older.value.reset();
         history.writes.push_back(older);
         return true;
       }},
      {"an accepted update is gone in the end", 3,
       [](History& history) {
         const Write* write = an_accepted_write(history);
         if (write == nullptr || history.finals.empty()) return false;
         for (Final& final : history.finals)
           if (final.reg == write->reg) final.value = 0;
         return true;
       }},
      {"an update more than there can be", 3,
       [](History& history) {
         const Write* write = an_accepted_write(history);
         if (write == nullptr) return false;
         history.finals.push_back({write->reg, history.writes.size() + 1});
         return true;
       }},
      {"a long time without a master", 9,
       [](History& history) {
         Term* term = a_plain_term(history);
         if (term == nullptr || *term->end <= term->start) return false;
         history.attempts.push_back({.key = term->key, .at = -5'000});
         return true;
       }},
  };
}

TEST(checker, notices_whatever_legal_history_is_broken) {
  const auto cases = legal_cases();
  std::vector<Breaker> breakers = term_breakers();
  for (Breaker& breaker : other_breakers()) breakers.push_back(std::move(breaker));
  int broken = 0;
  for (const Breaker& breaker : breakers) {
    int applied = 0;
    for (const Case& legal : cases) {
      History history = legal.history();
      if (!breaker.breaks(history)) continue;
      ++applied;
      EXPECT_TRUE(promises(judge(history, {.max_gap = kCaseMaxGap})).contains(breaker.promise))
          << legal.name << ", but " << breaker.name;
    }
    EXPECT_GE(applied, 3) << "histories that can be broken so: " << breaker.name;
    broken += applied;
  }
  EXPECT_GE(broken, 200);
}

}  // namespace
}  // namespace verification
