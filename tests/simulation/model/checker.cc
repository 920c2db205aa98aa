#include "simulation/model/checker.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <vector>

namespace mongoelector::simulation {

namespace {

constexpr TrueTime kNever = TrueTime::max();

struct Term {
  int client = -1;
  std::int64_t lease = 0;
  std::uint64_t token = 0;
  TrueTime start{};
  TrueTime until{};         // its deadline
  TrueTime closed = kNever;  // when the client ended it, if it did
  bool closed_by_clock = false;  // its clock was set past its deadline
  TrueTime revoked = kNever;
  TrueTime threw = kNever;
  bool crashed = false;
  bool destroyed = false;  // the object that had it
  bool taken = false;      // the store said that it is gone
  bool given_back = false;
  bool began_told = false;
  bool loss_told = false;
  bool loss_done = false;
  std::size_t fact = 0;

  TrueTime end() const { return std::min(until, closed); }
  bool over(TrueTime now) const { return now >= end(); }
};

struct Call {
  ApiCall which = ApiCall::start;
  TrueTime began{};
};

struct Client {
  std::int64_t latest = 0;  // its latest term
  std::int64_t telling = 0;  // onmaster was called for it, onmasterloss was not yet
  bool asked = true;  // to stand for election
  TrueTime asked_at = TrueTime::min() / 2;
  TrueTime stopping_at = TrueTime::min() / 2;  // a call to stop() began
  std::map<std::int64_t, Call> calls = {};  // that have not returned, by number
  TrueTime clock_set_at = TrueTime::min();
  int releasing = 0;
  TrueTime hold_off_until{};
  std::deque<TrueTime> requests = {};
  std::vector<std::pair<TrueTime, TrueTime>> frozen = {};
};

class Checker {
 public:
  Checker(const History& history, const Demands& demands) : history_(history), demands_(demands) {}

  std::optional<Breach> run() {
    for (at_ = 0; at_ < history_.size() && !breach_; ++at_) {
      take_terms(history_[at_]);
      take_callbacks(history_[at_]);
      take_requests(history_[at_]);
      take_store(history_[at_]);
      take_register(history_[at_]);
    }
    if (!breach_) check_intervals();
    if (!breach_) check_ends();
    if (!breach_) check_calm();
    return breach_;
  }

 private:
  void demand(bool kept, const char* promise, std::string detail) {
    if (!kept && !breach_) breach_ = Breach{promise, std::move(detail), at_};
  }

  static std::string named(const Term& term) {
    return "the term of client " + std::to_string(term.client) + " with lease " +
           std::to_string(term.lease) + ", token " + std::to_string(term.token);
  }

  Term* term_of(std::int64_t lease) {
    const auto found = terms_.find(lease);
    return found == terms_.end() ? nullptr : &found->second;
  }

  // ---- what clients say of their terms ----

  void take_terms(const Fact& fact) {
    switch (fact.what) {
      case What::holds: return holds(fact);
      case What::ends:
        if (Term* term = term_of(fact.lease)) {
          term->closed = std::min(term->closed, fact.when);
          term->closed_by_clock = clients_[fact.client].clock_set_at == fact.when;
        }
        return;
      case What::revoked: return revoked(fact);
      case What::threw:
        if (Term* term = term_of(fact.lease)) term->threw = fact.when;
        return;
      case What::crashed:
        if (Term* term = term_of(clients_[fact.client].latest)) {
          term->crashed = true;
          term->closed = std::min(term->closed, fact.when);
        }
        thaw(fact);
        // Whoever comes up in its place remembers nothing.
        clients_[fact.client] = {.frozen = std::move(clients_[fact.client].frozen)};
        return;
      case What::called: return called(fact);
      case What::returned: return returned(fact);
      case What::started: clients_[fact.client].hold_off_until = {}; return;
      case What::clock_set: {
        clients_[fact.client].hold_off_until = {};
        clients_[fact.client].clock_set_at = fact.when;
        return;
      }
      case What::frozen: clients_[fact.client].frozen.emplace_back(fact.when, kNever); return;
      case What::thawed: return thaw(fact);
      default: return;
    }
  }

  void thaw(const Fact& fact) {
    auto& frozen = clients_[fact.client].frozen;
    if (!frozen.empty() && frozen.back().second == kNever) frozen.back().second = fact.when;
  }

  // A call may take effect a moment after it was made: another thread may run in between. So what
  // counts against the library is what holds whenever it took effect.
  void called(const Fact& fact) {
    Client& client = clients_[fact.client];
    const auto call = static_cast<ApiCall>(fact.detail);
    client.calls[fact.cause] = {call, fact.when};
    if (call == ApiCall::start || call == ApiCall::poll || call == ApiCall::make) {
      client.asked = true;
      client.asked_at = fact.when;
      if (call == ApiCall::make) client.hold_off_until = {};
    }
    if (call == ApiCall::stop || call == ApiCall::destroy) client.stopping_at = fact.when;
    if (call == ApiCall::release) ++client.releasing;
  }

  void returned(const Fact& fact) {
    Client& client = clients_[fact.client];
    const TrueTime began = client.calls[fact.cause].began;
    client.calls.erase(fact.cause);
    const auto call = static_cast<ApiCall>(fact.detail);
    if (call == ApiCall::release) client.releasing = std::max(client.releasing - 1, 0);
    if (call == ApiCall::destroy) destroyed(client);
    const bool asked_meanwhile =
        client.asked_at >= began ||
        awake(fact.client, client.asked_at, began) <= demands_.told_within;
    if (call == ApiCall::stop && !asked_meanwhile) client.asked = false;
  }

  void destroyed(Client& client) {
    if (Term* term = term_of(client.latest)) {
      term->destroyed = true;
      demand(term->revoked != kNever, "end_told_once",
             named(*term) + " is not over, and its object is gone");
    }
    client.telling = 0;
  }

  void holds(const Fact& fact) {
    Client& client = clients_[fact.client];
    if (Term* term = term_of(fact.lease)) {
      demand(term->client == fact.client && term->token == fact.token, "tokens_grow",
             named(*term) + " changed its owner or token");
      demand(!term->over(fact.when), "no_resumption", named(*term) + " was over and goes on");
      demand(fact.until >= term->until || client.clock_set_at == fact.when, "no_resumption",
             named(*term) + " got shorter");
      term->until = fact.until;
      return;
    }
    if (const Term* before = term_of(client.latest); before && !before->crashed) {
      demand(before->revoked != kNever, "end_told_once",
             named(*before) + " was never ended before the next began");
    }
    demand(client.asked && fact.when >= client.hold_off_until, "only_when_asked",
           "client " + std::to_string(fact.client) + " began a term that nobody asked for");
    client.latest = fact.lease;
    terms_[fact.lease] = {.client = fact.client,
                          .lease = fact.lease,
                          .token = fact.token,
                          .start = fact.when,
                          .until = fact.until,
                          .fact = at_};
  }

  void revoked(const Fact& fact) {
    Term* term = term_of(fact.lease);
    demand(term != nullptr, "end_told_once", "the end of a term that never began was told");
    if (term == nullptr) return;
    demand(term->revoked == kNever, "end_told_once", named(*term) + " ended twice");
    demand(term->over(fact.when), "end_told_once", named(*term) + " was revoked while valid");
    term->revoked = fact.when;
    term->given_back = fact.detail != 0;
    const bool reason = term->given_back || term->taken || term->threw <= fact.when ||
                        term->closed_by_clock;
    demand(!demands_.every_end_has_a_reason || reason || fact.when >= term->until,
           "no_needless_end", named(*term) + " ended though nothing was wrong with it");
    Client& client = clients_[fact.client];
    const bool by_release = client.releasing > 0 && fact.when < term->until && !term->taken &&
                            awake(fact.client, client.stopping_at, fact.when) >
                                demands_.told_within + demands_.hold_off;
    if (by_release && demands_.kind == Kind::election)
      client.hold_off_until = fact.when + demands_.hold_off;
  }

  // ---- callbacks ----

  void take_callbacks(const Fact& fact) {
    if (fact.what != What::began_told && fact.what != What::loss_told &&
        fact.what != What::loss_done)
      return;
    Term* term = term_of(fact.lease);
    demand(term != nullptr, "callbacks_alternate", "a callback for a term that never began");
    if (term == nullptr) return;
    std::int64_t& telling = clients_[fact.client].telling;
    demand(!term->destroyed || fact.what == What::loss_done, "callbacks_alternate",
           "a callback for " + named(*term) + " after its object was destroyed");
    if (fact.what == What::began_told) {
      demand(telling == 0 && !term->began_told, "callbacks_alternate",
             "onmaster of " + named(*term) + " out of turn");
      telling = fact.lease;
      term->began_told = true;
    } else if (fact.what == What::loss_told) {
      demand(!term->loss_told, "end_told_once", "the loss of " + named(*term) + " was told twice");
      demand(term->revoked <= fact.when, "end_told_once",
             "the loss of " + named(*term) + " was told before it ended");
      demand(demands_.kind == Kind::lock || telling == fact.lease, "callbacks_alternate",
             "onmasterloss of " + named(*term) + " out of turn");
      telling = 0;
      term->loss_told = true;
    } else {
      term->loss_done = true;
    }
  }

  // ---- requests ----

  void take_requests(const Fact& fact) {
    count_request(fact);
    if (fact.what == What::hears && static_cast<Outcome>(fact.detail) == Outcome::lost) {
      if (Term* term = term_of(fact.lease)) term->taken = true;
    }
    const bool claims = fact.what == What::sends_claim;
    const bool releases = fact.what == What::sends_release;
    if (!claims && !releases && fact.what != What::sends_renew) return;
    if (!releases) {
      demand(!release_sent_.contains(fact.lease) || goes_on(fact), "silence_after_release",
             "lease " + std::to_string(fact.lease) + " was asked for after its release was sent");
      if (claims) claim_sent_.insert(fact.lease);
      return;
    }
    release_sent_.emplace(fact.lease, fact.when);
    const Term* term = term_of(fact.lease);
    if (term == nullptr) return;
    demand(term->over(fact.when), "stop_then_release",
           named(*term) + " is valid while its release is sent");
    demand(demands_.kind == Kind::lock || term->loss_done || term->destroyed ||
               destroying(fact.client),
           "stop_then_release", named(*term) + " is released before onmasterloss has returned");
  }

  // In the store's own call, or in a touch() by another thread, that began before the release.
  bool goes_on(const Fact& fact) {
    const TrueTime released = release_sent_[fact.lease];
    const auto& calls = clients_[fact.client].calls;
    return fact.detail != 0 || std::any_of(calls.begin(), calls.end(), [&](const auto& call) {
             return call.second.which == ApiCall::touch && call.second.began <= released;
           });
  }

  // A destructor does not wait for ever, and calls no callback after it.
  bool destroying(int client) {
    const Client& one = clients_[client];
    return std::any_of(one.calls.begin(), one.calls.end(),
                       [&](const auto& call) { return call.second.began == one.stopping_at; });
  }

  void count_request(const Fact& fact) {
    const bool sends = fact.what == What::sends_claim || fact.what == What::sends_renew ||
                       fact.what == What::sends_release || fact.what == What::sends_read;
    if (!sends) return;
    auto& requests = clients_[fact.client].requests;
    requests.push_back(fact.when);
    while (requests.front() < fact.when - demands_.ttl) requests.pop_front();
    demand(static_cast<int>(requests.size()) <= demands_.requests_per_ttl, "few_requests",
           "client " + std::to_string(fact.client) + " sent " + std::to_string(requests.size()) +
               " requests within a ttl");
  }

  // ---- the resource ----

  void take_register(const Fact& fact) {
    if (fact.what == What::accepted) {
      demand(fact.token >= last_written_, "tokens_grow", "the register took a smaller token");
      last_written_ = fact.token;
    }
    if (fact.what != What::refused || !demands_.exclusive) return;
    const Term* term = term_of(fact.lease);
    demand(term != nullptr && term->over(fact.when), "register_takes_holders",
           "the register refused a write of lease " + std::to_string(fact.lease) +
               ", whose term is valid");
  }

  // ---- the store ----

  void take_store(const Fact& fact) {
    const auto verb = static_cast<Verb>(fact.detail);
    switch (fact.what) {
      case What::created:
        demand(verb == Verb::claim && fact.cause == fact.lease && claim_sent_.contains(fact.lease),
               "only_claims_create",
               "lease " + std::to_string(fact.lease) + " came to be without a claim of its own");
        demand(fact.token > last_token_, "tokens_grow", "the store gave out a smaller token");
        last_token_ = fact.token;
        return;
      case What::extended:
        last_token_ = std::max(last_token_, fact.token);
        demand(verb != Verb::release && fact.cause == fact.lease, "only_claims_create",
               "lease " + std::to_string(fact.lease) + " was prolonged by another");
        return;
      case What::removed:
        demand(verb == Verb::release && fact.cause == fact.lease &&
                   release_sent_.contains(fact.lease),
               "only_own_release",
               "lease " + std::to_string(fact.lease) + " went without a release of its own");
        return;
      case What::replaced:
        demand(verb == Verb::claim && claim_sent_.contains(fact.cause), "only_own_release",
               "lease " + std::to_string(fact.lease) + " was replaced by no claim");
        return;
      default: return;
    }
  }

  // ---- the whole ----

  void check_intervals() {
    std::vector<const Term*> sorted;
    for (const auto& [lease, term] : terms_) sorted.push_back(&term);
    std::sort(sorted.begin(), sorted.end(), [](const Term* a, const Term* b) {
      return a->start != b->start ? a->start < b->start : a->fact < b->fact;
    });
    const Term* longest = nullptr;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      const Term& term = *sorted[i];
      at_ = term.fact;
      if (longest != nullptr && term.end() > term.start && demands_.exclusive) {
        demand(longest->end() <= term.start, "one_holder",
               named(*longest) + " is still valid when " + named(term) + " begins");
      }
      if (i > 0) {
        demand(sorted[i - 1]->token < term.token, "tokens_grow",
               named(term) + " begins after " + named(*sorted[i - 1]));
      }
      if (longest == nullptr || term.end() > longest->end()) longest = &term;
    }
  }

  // How long the client ran between two points of time.
  Duration awake(int client, TrueTime from, TrueTime to) {
    Duration awake = to - from;
    for (const auto& [start, end] : clients_[client].frozen) {
      const Duration shared = std::min(end, to) - std::max(start, from);
      awake -= std::max(shared, Duration::zero());
    }
    return awake;
  }

  void check_ends() {
    for (const auto& [lease, term] : terms_) {
      if (term.crashed || term.destroyed) continue;
      at_ = term.fact;
      const TrueTime told = std::min(term.revoked, demands_.end);
      demand(told <= term.end() || awake(term.client, term.end(), told) <= demands_.told_within,
             "end_told_in_time", "the end of " + named(term) + " was not told in time");
      demand(term.threw == kNever || told <= term.threw ||
                 awake(term.client, term.threw, told) <= demands_.told_within,
             "throwing_is_leaving", named(term) + " goes on though onmaster threw");
      if (term.revoked == kNever) continue;
      const bool silent = demands_.kind == Kind::lock && term.given_back;
      const bool may_wait = awake(term.client, term.revoked, demands_.end) < demands_.holder_within;
      demand(term.loss_told || silent || may_wait, "end_told_once",
             "no loss callback for " + named(term));
      demand(term.began_told || demands_.kind == Kind::lock || may_wait, "callbacks_alternate",
             "no onmaster for " + named(term));
    }
  }

  void check_calm() {
    const auto healed = std::find_if(history_.begin(), history_.end(),
                                     [](const Fact& fact) { return fact.what == What::healed; });
    if (healed == history_.end()) return;
    const TrueTime by = healed->when + demands_.holder_within;
    const Term* holder = nullptr;
    for (const auto& [lease, term] : terms_) {
      if (term.start <= by && term.end() > by) holder = &term;
    }
    at_ = history_.size() - 1;
    demand(holder != nullptr, "holder_in_calm", "nobody holds the key when faults have stopped");
    if (holder != nullptr && holder->end() <= demands_.end) {
      at_ = holder->fact;
      demand(false, "holder_in_calm", named(*holder) + " ended though nothing was wrong");
    }
  }

  const History& history_;
  const Demands& demands_;
  std::size_t at_ = 0;
  std::optional<Breach> breach_;
  std::map<std::int64_t, Term> terms_;
  std::map<int, Client> clients_;
  std::set<std::int64_t> claim_sent_;
  std::map<std::int64_t, TrueTime> release_sent_;
  std::uint64_t last_token_ = 0;
  std::uint64_t last_written_ = 0;
};

}  // namespace

std::optional<Breach> check(const History& history, const Demands& demands) {
  return Checker(history, demands).run();
}

}  // namespace mongoelector::simulation
