#include "faults/terms.h"

#include <algorithm>
#include <utility>

namespace mongoelector::test {

namespace {

std::string show(const SeenTerm& term) {
  return term.holder + " with token " + to_string(term.token);
}

std::optional<std::string> breach_of_one(const SeenTerm& term) {
  if (term.given_back) return std::nullopt;
  if (!term.loss_told) return "the end of " + show(term) + " was never told";
  if (*term.loss_told > term.lease_ends)
    return "the end of " + show(term) + " was told after its lease had ended";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> breach_in(std::vector<SeenTerm> terms) {
  std::sort(terms.begin(), terms.end(), [](const SeenTerm& a, const SeenTerm& b) {
    return std::pair(a.key, a.first) < std::pair(b.key, b.first);
  });
  const SeenTerm* latest = nullptr;  // of the terms of this key, the one that was seen last
  Token newest;
  for (const SeenTerm& term : terms) {
    if (latest == nullptr || latest->key != term.key) {
      latest = nullptr;
      newest = {};
    }
    if (latest != nullptr && term.first < latest->last)
      return term.key + ": " + show(term) + " overlaps " + show(*latest);
    if (!(newest < term.token))
      return term.key + ": the token of " + show(term) + " is not above " + to_string(newest);
    if (const auto breach = breach_of_one(term)) return term.key + ": " + *breach;
    newest = term.token;
    if (latest == nullptr || latest->last < term.last) latest = &term;
  }
  return std::nullopt;
}

SeenTerm* Terms::find(const std::string& key, Token token) {
  const auto found = std::find_if(terms_.rbegin(), terms_.rend(), [&](const SeenTerm& term) {
    return term.key == key && term.token == token;
  });
  return found == terms_.rend() ? nullptr : &*found;
}

void Terms::seen(const std::string& key, const std::string& holder, Token token, Moment looked,
                 Duration remaining, Duration margin) {
  const Moment now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  SeenTerm* term = find(key, token);
  // Two holders with one token are two terms; the checker says what is wrong with that.
  if (term == nullptr || term->holder != holder) {
    terms_.push_back({.key = key,
                      .holder = holder,
                      .token = token,
                      .first = now,
                      .last = now,
                      .lease_ends = {}});
    term = &terms_.back();
  }
  term->last = std::max(term->first, looked);
  term->lease_ends = std::max(term->lease_ends, now + remaining + margin);
}

void Terms::told(const std::string& key, Token token) {
  const Moment now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  if (SeenTerm* term = find(key, token)) term->loss_told = now;
}

void Terms::given_back(const std::string& key, Token token) {
  const std::lock_guard lock(mutex_);
  if (SeenTerm* term = find(key, token)) term->given_back = true;
}

std::vector<SeenTerm> Terms::all() const {
  const std::lock_guard lock(mutex_);
  return terms_;
}

int Terms::since(const std::string& key, Moment when) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::count_if(terms_.begin(), terms_.end(), [&](const SeenTerm& term) {
    return term.key == key && term.first > when;
  }));
}

}  // namespace mongoelector::test
