#include "torture/program/history.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "support/mongod.h"
#include "torture/program/evidence.h"
#include "torture/program/registers.h"
#include "torture/program/store_faults.h"
#include "torture/program/verdict.h"

namespace mongoelector::torture {

namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kMs = 1'000'000;
constexpr milliseconds kGrace(300);
// The smallest that leave room for a grace (margin = grace + 0.25 s or 1 s) and three tries.
constexpr milliseconds kTtlSqlite(2000);
constexpr milliseconds kTtlMongodb(4000);

class History {
 public:
  History(const HistoryPlan& plan, const Facilities& facilities, test::ReplicaSet* set)
      : plan_(plan),
        facilities_(facilities),
        set_(set),
        schedule_(draw_schedule(plan.seed, plan.mix, plan.store, plan.seconds * 1000)) {
    const bool sqlite = set_ == nullptr;
    setup_ = {.store = plan.store,
              .uri = sqlite ? "sqlite:" + database() : set_->uri(test::fresh_database()),
              .evidence = plan.directory + "/evidence",
              .registers = plan.directory + "/registers",
              .self = plan.self,
              .tool = plan.tool,
              .ttl = sqlite ? kTtlSqlite : kTtlMongodb,
              .grace = kGrace,
              .seed = plan.seed,
              .bug = plan.bug};
    for (const std::string& directory : {setup_.evidence, setup_.registers})
      std::filesystem::create_directories(directory);
    make_registers(setup_.registers);
  }

  Outcome run() {
    begin_ = boot_time();
    std::thread clients([this] {
      try {
        torture_clients();
      } catch (...) {
        problem_ = std::current_exception();
      }
    });
    StoreFaults store;
    try {
      store = torture_store(schedule_.store, begin_, set_, database());
    } catch (...) {
      store_over_ = true;
      clients.join();
      throw;
    }
    store_over_ = true;
    clients.join();
    if (problem_) std::rethrow_exception(problem_);
    return finish(store);
  }

 private:
  std::string database() const { return plan_.directory + "/leases.db"; }

  void torture_clients() {
    Clients clients(setup_, facilities_);
    clients.start();
    std::size_t next = 0;
    const std::int64_t end = begin_ + plan_.seconds * 1000 * kMs;
    while (boot_time() < end || !store_over_) {
      clients.look_after();
      while (next < schedule_.clients.size() &&
             boot_time() >= begin_ + schedule_.clients[next].at_ms * kMs) {
        const Fault& fault = schedule_.clients[next++];
        if (!clients.inject(fault)) ++outcome_.not_injected[static_cast<std::size_t>(fault.kind)];
      }
      pause_for_us(5000);
    }
    clients.heal();
    await_progress(clients, &SeenTerm::end, boot_time());
    kill_in_the_calm(clients);
    clients.stop();
    injected_ = clients.injected();
    outcome_.violations = clients.trouble();
  }

  std::int64_t ttl() const { return std::chrono::nanoseconds(setup_.ttl).count(); }

  // A kill -9 of a holder with nothing else going on, so that each history has at least one of
  // which the takeover can be measured.
  void kill_in_the_calm(Clients& clients) {
    // On a replica set the holder has renewed its lease at the present primary by then.
    const std::int64_t from = boot_time() + (set_ == nullptr ? 0 : ttl());
    // A term of the election lasts, so whoever is seen in it has it still when he is killed.
    const auto leads = [&] {
      return holder_of(setup_.evidence, Subject::election, boot_time() - 20 * kMs).has_value();
    };
    const std::int64_t until = from + 3 * ttl();
    while (boot_time() < from || (!leads() && boot_time() < until)) {
      clients.look_after();
      pause_for_us(5000);
    }
    // Before the kill: a successor may be there before we go on.
    const std::int64_t killed = boot_time();
    clients.inject({.for_ms = 1000, .kind = FaultKind::kill, .target = kElectionHolder});
    await_progress(clients, &SeenTerm::start, killed);
  }

  // With everything healed, both keys must have a holder before long: whose term began, or went on,
  // after `healed`.
  void await_progress(Clients& clients, std::int64_t SeenTerm::*time, std::int64_t healed) {
    constexpr std::int64_t kElection = 5'000'000'000;
    // A lease of somebody who died just now, whose judge may have changed, then a new one.
    const std::int64_t bound = 3 * ttl() + (set_ == nullptr ? 1'000'000'000 : kElection);
    std::array<bool, 2> seen{};
    while (boot_time() < healed + bound) {
      clients.look_after();
      for (const Seen& one : read_all_evidence(setup_.evidence))
        for (const SeenTerm& term : one.terms)
          if (term.*time > healed) seen[static_cast<std::size_t>(term.subject)] = true;
      if (seen[0] && seen[1]) return;
      pause_for_us(100'000);
    }
    for (std::size_t i = 0; i < seen.size(); ++i) {
      if (!seen[i])
        stuck_.push_back(std::string("nobody took the ") + kSubjectNames[i] +
                         " after everything was healed");
    }
  }

  Outcome finish(const StoreFaults& store) {
    outcome_.violations.insert(outcome_.violations.end(), stuck_.begin(), stuck_.end());
    injected_.insert(injected_.end(), store.injected.begin(), store.injected.end());
    std::sort(injected_.begin(), injected_.end(),
              [](const Injected& a, const Injected& b) { return a.begin < b.begin; });
    for (const Injected& fault : injected_) count(fault);
    for (const FaultKind kind : store.failed)
      ++outcome_.not_injected[static_cast<std::size_t>(kind)];
    outcome_.failovers = store.failovers;
    const std::chrono::duration<double> ttl(setup_.ttl);
    outcome_.takeover_bound = (ttl + ttl / 5).count() + 1;  // poll = ttl/5
    judge({.seen = read_all_evidence(setup_.evidence),
           .injected = injected_,
           .fenced_value = value_of(setup_.registers, Register::fenced),
           .unfenced_value = value_of(setup_.registers, Register::unfenced),
           .ttl = setup_.ttl},
          plan_.directory + "/history.jsonl", outcome_);
    return outcome_;
  }

  void count(const Injected& fault) {
    ++outcome_.injected[static_cast<std::size_t>(fault.kind)];
    if (fault.kind == FaultKind::kill || fault.kind == FaultKind::kill_tree ||
        fault.kind == FaultKind::member_kill)
      ++outcome_.kills;
    if (fault.kind == FaultKind::stop || fault.kind == FaultKind::member_stop) ++outcome_.stops;
  }

  const HistoryPlan plan_;
  const Facilities& facilities_;
  test::ReplicaSet* const set_;
  const Schedule schedule_;
  Setup setup_;
  std::int64_t begin_ = 0;
  std::atomic<bool> store_over_{false};
  // Of the clients' thread, until it is over.
  std::exception_ptr problem_;
  std::vector<Injected> injected_;
  std::vector<std::string> stuck_;
  Outcome outcome_;
};

}  // namespace

Outcome run_history(const HistoryPlan& plan, const Facilities& facilities, test::ReplicaSet* set) {
  std::filesystem::create_directories(plan.directory);
  return History(plan, facilities, set).run();
}

}  // namespace mongoelector::torture
