#include "verification/checker/endings.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace verification::internal {

namespace {

constexpr Nanoseconds kForever = std::numeric_limits<Nanoseconds>::max();

template <typename T>
auto lease_of(const T& record) {
  return std::tuple(record.key, record.token);
}

void take_earliest(std::optional<Nanoseconds>& earliest, Place& place,
                   std::optional<Nanoseconds> at, Place where) {
  if (!at || (earliest && *earliest <= *at)) return;
  earliest = at;
  place = where;
}

class EndingsJudge {
 public:
  EndingsJudge(const History& history, const Endings& endings, std::vector<Violation>& found)
      : history_(history), endings_(endings), found_(found) {}

  void run() {
    for (const Term& term : history_.terms) judge_term(term);
    judge_turns();
    for (const Request& request : history_.requests) judge_request(request);
    for (const Applied& applied : history_.applied) judge_applied(applied);
  }

 private:
  void accuse(int promise, std::string what, Place first, Place second) {
    found_.push_back({promise, std::move(what), first, second});
  }

  void judge_term(const Term& term) {
    if (term.end && *term.end + term.blur < term.start - term.blur)
      accuse(4, named(history_, term) + " ended before it began", term.place, term.place);
    const auto stated = Endings::stated_end(term);
    const Ending* ending = endings_.find(term.key, term.token);
    if (stated && ending != nullptr && ending->began && *stated - term.blur > *ending->began) {
      accuse(6, named(history_, term) + " went on after its release began", term.place,
             ending->began_at);
    }
    if (!term.told || term.told->empty()) return;
    const Nanoseconds told = *std::min_element(term.told->begin(), term.told->end());
    const auto tell = [&](const char* what) {
      accuse(4, "the end of " + named(history_, term) + what, term.place, term.place);
    };
    if (term.told->size() > 1)
      tell(" was told more than once");
    if (told < term.start - term.blur)
      tell(" was told before it began");
    else if (stated && told < *stated - term.blur)
      tell(" was told while it went on");
  }

  // Within one client the end of a term is told before the next begins.
  void judge_turns() {
    std::vector<const Term*> terms;
    for (const Term& term : history_.terms) terms.push_back(&term);
    std::sort(terms.begin(), terms.end(), [](const Term* a, const Term* b) {
      return std::tie(a->client, a->key, a->start, a->token) <
             std::tie(b->client, b->key, b->start, b->token);
    });
    for (std::size_t i = 0; i + 1 < terms.size(); ++i) {
      const Term& term = *terms[i];
      const Term& next = *terms[i + 1];
      if (term.client != next.client || term.key != next.key || !term.told) continue;
      const Nanoseconds begun = next.start + next.blur;
      const bool late = !term.told->empty() && term.told->front() > begun;
      const bool never = term.told->empty() && !endings_.crashed(term.client, term.start, begun);
      if (!late && !never) continue;
      accuse(4, "the end of " + named(history_, term) + " was not told before " +
                    named(history_, next) + " began", term.place, next.place);
    }
  }

  void judge_request(const Request& request) {
    const Ending* ending = endings_.find(request.key, request.token);
    if (ending == nullptr || !ending->began || request.at <= *ending->began) return;
    accuse(6, "something was sent for " + lease(request.key, request.token) +
                  " after its release began", ending->began_at, request.place);
  }

  void judge_applied(const Applied& applied) {
    const Ending* ending = endings_.find(applied.key, applied.token);
    if (ending == nullptr) return;
    if (ending->answered && applied.at > *ending->answered) {
      accuse(7, lease(applied.key, applied.token) + " changed after the answer \"released\"",
             ending->answered_at, applied.place);
    } else if (ending->applied && applied.at > *ending->applied) {
      accuse(7, lease(applied.key, applied.token) + " changed after its release was applied",
             ending->applied_at, applied.place);
    }
  }

  std::string lease(NameId key, Token token) const {
    return "the lease of \"" + history_.names.text(key) + "\" with token " +
           std::to_string(token);
  }

  const History& history_;
  const Endings& endings_;
  std::vector<Violation>& found_;
};

}  // namespace

Endings::Endings(const History& history) : crashes_(history.crashes) {
  std::sort(crashes_.begin(), crashes_.end(), [](const Crash& a, const Crash& b) {
    return std::tie(a.client, a.at) < std::tie(b.client, b.at);
  });
  collect_releases(history);
}

void Endings::collect_releases(const History& history) {
  std::vector<Ending> parts;
  for (const Release& release : history.releases) {
    if (!release.token) continue;
    Ending part{.key = release.key, .token = *release.token, .began = release.at};
    part.began_at = part.answered_at = release.place;
    if (release.outcome == Release::Outcome::released) part.answered = release.end;
    parts.push_back(part);
  }
  for (const Applied& applied : history.applied) {
    if (!applied.release) continue;
    parts.push_back({.key = applied.key,
                     .token = applied.token,
                     .applied = applied.at,
                     .applied_at = applied.place});
  }
  std::sort(parts.begin(), parts.end(),
            [](const Ending& a, const Ending& b) { return lease_of(a) < lease_of(b); });
  for (const Ending& part : parts) {
    if (endings_.empty() || lease_of(endings_.back()) != lease_of(part))
      endings_.push_back({.key = part.key, .token = part.token});
    Ending& whole = endings_.back();
    take_earliest(whole.began, whole.began_at, part.began, part.began_at);
    take_earliest(whole.answered, whole.answered_at, part.answered, part.answered_at);
    take_earliest(whole.applied, whole.applied_at, part.applied, part.applied_at);
  }
}

const Ending* Endings::find(NameId key, Token token) const {
  const auto wanted = std::tuple(key, token);
  const auto found = std::lower_bound(
      endings_.begin(), endings_.end(), wanted,
      [](const Ending& ending, const auto& lease) { return lease_of(ending) < lease; });
  return found != endings_.end() && lease_of(*found) == wanted ? &*found : nullptr;
}

bool Endings::crashed(NameId client, Nanoseconds from, Nanoseconds to) const {
  const auto found = std::lower_bound(
      crashes_.begin(), crashes_.end(), std::tuple(client, from),
      [](const Crash& a, const auto& b) { return std::tuple(a.client, a.at) < b; });
  return found != crashes_.end() && found->client == client && found->at <= to;
}

std::optional<Nanoseconds> Endings::stated_end(const Term& term) {
  if (!term.end) return {};
  return std::min(*term.end, term.deadline.value_or(*term.end));
}

std::optional<Nanoseconds> Endings::end(const Term& term) const {
  if (term.end) return stated_end(term);
  Nanoseconds end = term.deadline.value_or(kForever);
  const auto crash = std::lower_bound(
      crashes_.begin(), crashes_.end(), std::tuple(term.client, term.start),
      [](const Crash& a, const auto& b) { return std::tuple(a.client, a.at) < b; });
  if (crash != crashes_.end() && crash->client == term.client) end = std::min(end, crash->at);
  const Ending* ending = find(term.key, term.token);
  if (ending != nullptr && ending->began) end = std::min(end, *ending->began);
  if (term.told)
    for (const Nanoseconds told : *term.told) end = std::min(end, told);
  return end == kForever ? std::nullopt : std::optional(end);
}

void judge_endings(const History& history, const Endings& endings, std::vector<Violation>& found) {
  EndingsJudge(history, endings, found).run();
}

std::string named(const History& history, const Term& term) {
  return history.names.text(term.client) + "'s term of \"" + history.names.text(term.key) +
         "\" with token " + std::to_string(term.token);
}

}  // namespace verification::internal
