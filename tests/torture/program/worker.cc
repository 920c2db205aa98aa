#include "torture/program/worker.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <stop_token>
#include <thread>

#include "mongoelector/mongoelector.h"
#include "torture/program/evidence.h"
#include "torture/program/registers.h"

namespace mongoelector::torture {

namespace {

using Random = std::mt19937_64;

std::int64_t draw(Random& random, std::int64_t from, std::int64_t to) {
  return std::uniform_int_distribution<std::int64_t>(from, to)(random);
}

class SlowClock : public Clock {
 public:
  explicit SlowClock(std::shared_ptr<Clock> real) : real_(std::move(real)), start_(real_->now()) {}
  Instant now() const noexcept override { return start_ + (real_->now() - start_) / kSlower; }
  WallTime wall() const noexcept override { return real_->wall(); }
  void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& condition,
            Instant until) override {
    real_->wait(lock, condition,
                until == Instant::max() ? until : start_ + (until - start_) * kSlower);
  }

 private:
  static constexpr int kSlower = 16;
  const std::shared_ptr<Clock> real_;
  const Instant start_;
};

// Holds on to what it has seen of one subject.
class Watcher {
 public:
  Watcher(Evidence& evidence, Subject subject) : evidence_(evidence), subject_(subject) {}

  // `before` was read before the look that found `token` valid.
  void valid(Token token, std::int64_t before) {
    if (term_ == nullptr || token != token_) {
      token_ = token;
      term_ = evidence_.add_term(subject_, token.value(), boot_time());
    } else {
      Evidence::still_valid(term_, before);
    }
  }
  // A term seen again after this is a second one with its token: the checker finds it.
  void not_valid() { term_ = nullptr; }

 private:
  Evidence& evidence_;
  const Subject subject_;
  TermRecord* term_ = nullptr;
  Token token_;
};

class Worker {
 public:
  Worker(const WorkerPlan& plan, Evidence& evidence, std::shared_ptr<Session> session)
      : plan_(plan),
        evidence_(evidence),
        registers_(plan.registers, evidence),
        elector_(session, kElection, elector_options()),
        locker_(session, kLock, locker_options()) {}

  void run(const std::stop_token& stop) {
    const std::jthread looking([this](const std::stop_token& over) { look(over); });
    {
      const std::jthread leading([&] { lead(stop); });
      const std::jthread locking([&] { take_the_lock(stop); });
    }
    // Here `looking` still looks: also the end of the last term is seen.
    elector_.stop();
  }

 private:
  ElectorOptions elector_options() {
    const auto told = [this](const Term& term) {
      evidence_.told(Subject::election, term.token().value(), boot_time());
    };
    return {.ttl = plan_.ttl, .onmasterloss = told, .timeparanoid = false};
  }
  LockerOptions locker_options() const { return {.ttl = plan_.ttl, .timeparanoid = false}; }

  void look(const std::stop_token& over) {
    Watcher election(evidence_, Subject::election);
    Watcher lock(evidence_, Subject::lock);
    std::optional<Term> term;
    while (!over.stop_requested()) {
      const std::int64_t before = boot_time();
      if (!term) term = elector_.term();
      if (term && term->valid()) {
        election.valid(term->token(), before);
      } else {
        term.reset();
        election.not_valid();
      }
      look_at_lock(lock);
      pause_for_us(kLookEveryUs);
    }
  }

  void look_at_lock(Watcher& lock) {
    const std::int64_t before = boot_time();
    const Token token = locker_.token();
    const bool owned = locker_.owned();
    if (owned && locker_.token() == token) lied_about_until_ = before + kLie.count();
    const bool lies = plan_.bug == Bug::lies && token.known() && before < lied_about_until_;
    if ((owned || lies) && locker_.token() == token) {
      lock.valid(token, before);
    } else {
      lock.not_valid();
    }
  }

  void lead(const std::stop_token& stop) {
    Random random(plan_.seed);
    elector_.start();
    while (!stop.stop_requested()) {
      std::int64_t turns = draw(random, 1000, 6000);
      while (turns-- > 0 && !stop.stop_requested()) pause_for_us(kLookEveryUs);
      // A master that hands over now and then makes more terms, and hides a bad clock.
      if (elector_.ismaster() && plan_.bug != Bug::slow_clock) elector_.release();
    }
  }

  void take_the_lock(const std::stop_token& stop) {
    Random random(plan_.seed + 1);
    while (!stop.stop_requested()) {
      try {
        locker_.acquire({.timeout = std::chrono::milliseconds(500), .cancel = stop});
      } catch (const Error&) {
        pause_for_us(10 * kLookEveryUs);
        continue;
      }
      use_the_lock(random, stop);
      locker_.release();
      pause_for_us(draw(random, 0, 20'000));
    }
  }

  void use_the_lock(Random& random, const std::stop_token& stop) {
    const std::uint64_t token = locker_.token().value();
    // Who gives back in time hides a bad clock.
    const std::int64_t until = plan_.bug == Bug::slow_clock
                                   ? std::numeric_limits<std::int64_t>::max()
                                   : boot_time() + draw(random, 1'000'000, 150'000'000);
    // It looks before it reads, not before it writes: what holds then is the fence alone.
    while (locker_.owned() && boot_time() < until && !stop.stop_requested()) {
      registers_.add_one_unfenced(token, draw(random, 0, 5000));
      if (!registers_.add_one_fenced(token, draw(random, 0, 5000))) return;
      pause_for_us(draw(random, 0, 5000));
    }
  }

  static constexpr Duration kLie = std::chrono::milliseconds(300);

  const WorkerPlan& plan_;
  Evidence& evidence_;
  Registers registers_;
  MongoElector elector_;
  MongoLocker locker_;
  std::int64_t lied_about_until_ = 0;
};

std::shared_ptr<Session> connect_at_last(const WorkerPlan& plan, const std::stop_token& stop) {
  ConnectOptions options;
  if (plan.bug == Bug::slow_clock) {
    const bool shared = plan.uri.starts_with("mongodb");
    options.clock =
        std::make_shared<SlowClock>(shared ? make_shared_store_clock() : make_machine_clock());
  }
  while (!stop.stop_requested()) {
    try {
      return connect(plan.uri, options);
    } catch (const ConnectError& error) {
      // Faults may have begun already; anything else is a bug of the torture.
      if (error.problem() != ConnectProblem::unreachable) throw;
      pause_for_us(10 * kLookEveryUs);
    }
  }
  return nullptr;
}

}  // namespace

int run_worker(const WorkerPlan& plan) {
  sigset_t end{};
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  sigprocmask(SIG_BLOCK, &end, nullptr);
  Evidence evidence(plan.evidence, {.name = plan.name, .pid = getpid(), .parent = getppid()});
  std::jthread work([&](const std::stop_token& stop) {
    const auto session = connect_at_last(plan, stop);
    if (session != nullptr) Worker(plan, evidence, session).run(stop);
  });
  int number = 0;
  sigwait(&end, &number);
  work.request_stop();
  work.join();
  return 0;
}

int run_child(const ChildPlan& plan) {
  const pid_t guardian = getppid();
  Random random(plan.seed + static_cast<std::uint64_t>(getpid()));
  if (draw(random, 0, 1) == 1) signal(SIGTERM, SIG_IGN);
  const char* text = std::getenv("MONGOELECTOR_TOKEN");
  if (text == nullptr) return 1;
  const std::uint64_t token = std::strtoull(text, nullptr, 10);
  Evidence evidence(plan.evidence,
                    {.name = plan.name, .child = true, .pid = getpid(), .parent = guardian});
  const std::int64_t longest = plan.election ? 5'000'000'000 : 300'000'000;
  const std::int64_t until = boot_time() + draw(random, 1'000'000, longest);
  const std::jthread looking([&](const std::stop_token& over) {
    Watcher watcher(evidence, plan.election ? Subject::election : Subject::lock);
    while (!over.stop_requested()) {
      watcher.valid(Token(token), boot_time());
      pause_for_us(kLookEveryUs);
    }
  });
  std::optional<Registers> registers;
  if (!plan.registers.empty()) registers.emplace(plan.registers, evidence);
  while (boot_time() < until) {
    if (registers) {
      registers->add_one_unfenced(token, draw(random, 0, 5000));
      if (!registers->add_one_fenced(token, draw(random, 0, 5000))) return 0;
    }
    pause_for_us(draw(random, 0, 5000));
  }
  return 0;
}

}  // namespace mongoelector::torture
