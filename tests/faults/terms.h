// What workers saw of their terms, and whether that keeps what was promised.
//
// An interval is what was certainly seen: it begins after the first look that found the term valid
// and ends before the last one, all by one monotonic clock. So two that overlap did overlap.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "mongoelector/lease.h"

namespace mongoelector::test {

using Moment = std::chrono::steady_clock::time_point;

struct SeenTerm {
  std::string key;
  std::string holder;
  Token token;
  Moment first;
  Moment last;
  Moment lease_ends;  // at the store, at the earliest
  std::optional<Moment> loss_told = {};  // onmasterloss or on_lost
  bool given_back = false;               // by its holder: nothing to tell
};

// The first breach: two terms of a key that overlap, a token that does not grow, an end that was
// not told, or too late. Nothing for a good history.
std::optional<std::string> breach_in(std::vector<SeenTerm> terms);

// Filled by many threads.
class Terms {
 public:
  // `looked` was read before the look that found it valid with `remaining`, and now is after it.
  void seen(const std::string& key, const std::string& holder, Token token, Moment looked,
            Duration remaining, Duration margin);
  void told(const std::string& key, Token token);
  void given_back(const std::string& key, Token token);
  std::vector<SeenTerm> all() const;
  // Terms of `key` that began after `when`.
  int since(const std::string& key, Moment when) const;

 private:
  SeenTerm* find(const std::string& key, Token token);
  mutable std::mutex mutex_;
  std::vector<SeenTerm> terms_;
};

}  // namespace mongoelector::test
