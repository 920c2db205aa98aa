#include "verification/search.h"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>
#include <vector>

namespace verification {

namespace {

constexpr Nanoseconds kEver = std::numeric_limits<Nanoseconds>::min();
constexpr Nanoseconds kNever = std::numeric_limits<Nanoseconds>::max();

struct Operation {
  enum class What { grant, begin, end, write, final };
  What what = What::grant;
  Nanoseconds earliest = 0;
  Nanoseconds latest = 0;
  bool optional = false;  // may not have happened
  NameId client = 0;
  Token token = 0;
  int term = -1;          // of begin and end
  bool covers = false;    // of begin: the term covers something
  std::optional<std::uint64_t> value = {};
};

// One lock and one register, gone through one operation after the other.
struct State {
  int holder = -1;
  Token token = 0;
  bool any_token = false;
  NameId client = 0;
  bool term_began = false;
  Token fence = 0;
  std::uint64_t value = 0;

  auto tied() const {
    return std::tie(holder, token, any_token, client, term_began, fence, value);
  }
  bool operator<(const State& other) const { return tied() < other.tied(); }

  bool apply(const Operation& operation) {
    switch (operation.what) {
      case Operation::What::grant: return issue(operation, false);
      case Operation::What::begin:
        if (operation.covers && holder != -1) return false;
        if (!issue(operation, true)) return false;
        if (operation.covers) holder = operation.term;
        return true;
      case Operation::What::end:
        if (holder != operation.term) return false;
        holder = -1;
        return true;
      case Operation::What::write:
        if (operation.token < fence) return false;
        fence = operation.token;
        ++value;
        return !operation.value || *operation.value == value;
      case Operation::What::final: return operation.value == value;
    }
    return false;
  }

 private:
  bool issue(const Operation& operation, bool for_term) {
    const bool fresh = !any_token || operation.token > token;
    const bool again = any_token && operation.token == token && operation.client == client &&
                       !(for_term && term_began);
    if (!fresh && !again) return false;
    term_began = for_term || (again && term_began);
    any_token = true;
    token = operation.token;
    client = operation.client;
    return true;
  }
};

class Search {
 public:
  explicit Search(std::vector<Operation> operations) : operations_(std::move(operations)) {}

  bool run() { return from(0, State{}); }

 private:
  // `done`: a bit for each operation that has happened.
  bool from(std::uint32_t done, const State& state) {
    if (!seen_.emplace(done, state).second) return false;
    bool complete = true;
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      if ((done >> i & 1) != 0) continue;
      complete = complete && operations_[i].optional;
      State next = state;
      if (may_be_next(i, done) && next.apply(operations_[i]) && from(done | 1U << i, next))
        return true;
    }
    return complete;
  }

  // Nothing that is still to come was surely over before it.
  bool may_be_next(std::size_t chosen, std::uint32_t done) const {
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      const bool to_come = (done >> i & 1) == 0;
      if (to_come && operations_[i].latest < operations_[chosen].earliest) return false;
    }
    return true;
  }

  const std::vector<Operation> operations_;
  std::set<std::pair<std::uint32_t, State>> seen_;
};

Nanoseconds end_of(const History& history, const Term& term) {
  const Nanoseconds deadline = term.deadline.value_or(kNever);
  if (term.end) return std::min(*term.end, deadline);
  Nanoseconds end = deadline;
  for (const Crash& crash : history.crashes)
    if (crash.client == term.client && crash.at >= term.start) end = std::min(end, crash.at);
  for (const Release& release : history.releases)
    if (release.key == term.key && release.token == term.token) end = std::min(end, release.at);
  if (term.told)
    for (const Nanoseconds told : *term.told) end = std::min(end, told);
  return end;
}

std::vector<Operation> lock_operations(const History& history, NameId key) {
  std::vector<Operation> operations;
  for (const Attempt& attempt : history.attempts) {
    if (attempt.key != key || !attempt.token) continue;
    operations.push_back({.what = Operation::What::grant,
                          .earliest = attempt.at,
                          .latest = *attempt.end,
                          .client = attempt.client,
                          .token = *attempt.token});
  }
  for (std::size_t i = 0; i < history.terms.size(); ++i) {
    const Term& term = history.terms[i];
    if (term.key != key) continue;
    const Nanoseconds end = end_of(history, term);
    const bool noted_late = term.deadline && *term.deadline <= term.start;
    Operation begin{.what = Operation::What::begin,
                    .earliest = noted_late ? kEver : term.start - term.blur,
                    .latest = term.start + term.blur,
                    .client = term.client,
                    .token = term.token,
                    .term = static_cast<int>(i),
                    .covers = end > term.start};
    operations.push_back(begin);
    if (!begin.covers) continue;
    const bool known = end != kNever;
    begin.what = Operation::What::end;
    begin.earliest = known ? end - term.blur : begin.earliest;
    begin.latest = known ? end + term.blur : kNever;
    begin.optional = !known;
    operations.push_back(begin);
  }
  return operations;
}

std::vector<Operation> register_operations(const History& history, NameId reg) {
  std::vector<Operation> operations;
  for (const Write& write : history.writes) {
    if (write.reg != reg || write.accepted == false) continue;
    operations.push_back({.what = Operation::What::write,
                          .earliest = write.at,
                          .latest = write.accepted ? write.at : kNever,
                          .optional = !write.accepted,
                          .token = write.token,
                          .value = write.value});
  }
  for (const Final& final : history.finals) {
    if (final.reg != reg) continue;
    operations.push_back({.what = Operation::What::final,
                          .earliest = kNever,
                          .latest = kNever,
                          .value = final.value});
  }
  return operations;
}

}  // namespace

bool some_order_is_legal(const History& history) {
  for (NameId name = 0; name < history.names.size(); ++name) {
    if (!Search(lock_operations(history, name)).run()) return false;
    if (!Search(register_operations(history, name)).run()) return false;
  }
  return true;
}

}  // namespace verification
