// Bytes as a program: calls on electors and lockers of one session, on the simulator's threads and
// in its time, with a store that fails when told to, and callbacks that call back in. The first
// byte decides in which order the threads run, so that an input always does the same.
//
// Whatever is called in whatever order: callbacks of an elector alternate and their tokens grow;
// whoever believes to hold something holds it at the store, unexpired; nobody does beside another;
// and every call comes back.
#include <array>
#include <exception>
#include <memory>

#include "fuzz/fuzz.h"
#include "mongoelector/locker.h"
#include "mongoelector/memory_store.h"
#include "mongoelector/mongoelector.h"
#include "simulation/fibers/ids.h"
#include "simulation/fibers/threads.h"
#include "support/faulty_store.h"

using namespace mongoelector;
using fuzz::require;
using simulation::Threads;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::FaultyStore;
using test::Verb;

namespace {

constexpr Duration kTtl = seconds(10);
constexpr std::array kVerbs{Verb::claim,  Verb::renew,        Verb::release, Verb::read,
                            Verb::report, Verb::read_control, Verb::info,    Verb::record_term};

// One elector whose callbacks do what the script says.
class Candidate {
 public:
  explicit Candidate(std::shared_ptr<Session> session)
      : elector_(std::move(session), "key",
                 {.ttl = kTtl,
                  .onmaster = [this](const Term& term) { won(term); },
                  .onmasterloss = [this](const Term& term) { lost(term); },
                  .onloop = [this] { act(); }}) {}

  MongoElector& elector() { return elector_; }
  void in_callbacks(std::uint8_t action) { action_ = action; }
  // Of what the callbacks saw.
  void check() const {
    require(broken_ == nullptr, broken_);
  }

 private:
  void demand(bool promise, const char* what) {
    if (!promise && broken_ == nullptr) broken_ = what;
  }
  void won(const Term& term) {
    demand(!leading_, "onmaster twice without onmasterloss");
    demand(term.token() > token_, "a term whose token is not larger");
    leading_ = true;
    token_ = term.token();
    act();
  }
  void lost(const Term& term) {
    demand(leading_, "onmasterloss without onmaster");
    demand(term.token() == token_, "onmasterloss of another term");
    demand(!term.valid(), "onmasterloss while the term is valid");
    leading_ = false;
    act();
  }
  void act() {
    switch (action_ % 8) {
      case 1: elector_.stop(); break;
      case 2: elector_.release(); break;
      case 3: elector_.poll(); break;
      case 4: elector_.start(); break;
      case 5: elector_.start(true); break;
      case 6: throw std::runtime_error("a callback that fails");
      default: elector_.node_status(); break;
    }
  }

  const char* broken_ = nullptr;
  bool leading_ = false;
  Token token_;
  std::uint8_t action_ = 0;
  MongoElector elector_;  // last: its callbacks use the rest
};

class Play {
 public:
  explicit Play(std::shared_ptr<Clock> clock) : clock_(std::move(clock)) {
    for (auto& candidate : candidates_) candidate = std::make_unique<Candidate>(session_);
    for (auto& locker : lockers_) locker = make_locker();
  }
  ~Play() {
    store_->heal();
    for (auto& candidate : candidates_) candidate.reset();
    for (auto& locker : lockers_) locker.reset();
    session_.reset();
  }
  Play(const Play&) = delete;
  Play& operator=(const Play&) = delete;

  void step(fuzz::Input& input) {
    const std::uint8_t call = input.byte();
    const std::uint8_t argument = input.byte();
    if (call % 4 == 0) {
      Threads::pass(milliseconds(20) * argument);
    } else if (call % 4 == 1) {
      disturb(call / 4, argument);
    } else {
      try {
        call % 4 == 2 ? elect(call / 4, argument % 2) : lock(call / 4, argument % 2);
      } catch (const Error&) {  // said so, which is always allowed
      }
    }
    check();
  }

 private:
  std::unique_ptr<MongoLocker> make_locker() {
    return std::make_unique<MongoLocker>(session_, "key", LockerOptions{.ttl = kTtl});
  }

  void disturb(int what, std::uint8_t argument) {
    const Verb verb = kVerbs[argument % kVerbs.size()];
    switch (what % 6) {
      case 0: store_->refuse(verb, Outcome::unreachable); break;
      case 1: store_->refuse(verb, Outcome::unknown); break;
      case 2: store_->lose_replies(verb); break;
      case 3: hang(verb); break;
      case 4: store_->heal(); break;
      default: candidates_[argument % 2]->in_callbacks(argument / 2); break;
    }
  }

  // For longer than any lease, but not for ever: the first call that hangs may be made on the
  // caller's own thread.
  void hang(Verb verb) {
    store_->hang(verb);
    Threads::of_current().start([store = store_, verb] {
      Threads::pass(3 * kTtl);
      store->heal(verb);
    });
  }

  void elect(int what, std::size_t which) {
    auto& candidate = candidates_[which];
    MongoElector& elector = candidate->elector();
    switch (what % 9) {
      case 0: elector.start(); break;
      case 1: elector.stop(); break;
      case 2: elector.release(); break;
      case 3: elector.poll(); break;
      case 4: elector.report_status(); break;
      case 5: elector.master_exists(); break;
      case 6: elector.cluster_detail(); break;
      case 7: elector.pollwait(); break;
      default:
        candidate->check();
        candidate.reset();
        candidate = std::make_unique<Candidate>(session_);
        break;
    }
  }

  void lock(int what, std::size_t which) {
    auto& locker = lockers_[which];
    switch (what % 8) {
      case 0: locker->try_lock(); break;
      case 1: locker->release(); break;
      case 2: locker->touch(); break;
      case 3: locker->acquire({.timeout = seconds(1)}); break;
      case 4: locker->locked(); break;
      case 5: locker->get_current(); break;
      case 6: locker->unlock(); break;
      default:
        locker.reset();
        locker = make_locker();
        break;
    }
  }

  // Nobody else runs while this looks, and the clock stands still.
  void check() const {
    const simulation::Uninterrupted looking;
    int masters = 0;
    int owners = 0;
    for (const auto& candidate : candidates_) {
      candidate->check();
      const std::string uuid = candidate->elector().node_status().uuid;
      masters += believes([&] { return candidate->elector().ismaster(); },
                          Key::election("key"), uuid);
    }
    for (const auto& locker : lockers_)
      owners += believes([&] { return locker->owned(); }, Key::lock("key"), locker->status().uuid);
    require(masters <= 1, "two masters");
    require(owners <= 1, "two owners of a lock");
  }

  // Whether somebody believes to hold `key`, and then does. Asked again after the look at the
  // store: what was given up in between is no longer believed.
  template <class Belief>
  int believes(const Belief& belief, const Key& key, const std::string& uuid) const {
    if (!belief()) return 0;
    const ReadReply reply = memory_->read(key);
    const bool held = reply.record && reply.record->holder.uuid == uuid &&
                      reply.record->remaining > Duration::zero();
    require(held || !belief(), "believes to hold what is not its own at the store");
    return belief() ? 1 : 0;
  }

  const std::shared_ptr<Clock> clock_;
  const std::shared_ptr<LeaseStore> memory_ = make_memory_store(clock_);
  const std::shared_ptr<FaultyStore> store_ = std::make_shared<FaultyStore>(memory_);
  std::shared_ptr<Session> session_ =
      std::make_shared<Session>(store_, ConnectOptions{.clock = clock_});
  std::array<std::unique_ptr<Candidate>, 2> candidates_;
  std::array<std::unique_ptr<MongoLocker>, 2> lockers_;
};

void play(fuzz::Input input, std::shared_ptr<Clock> clock) {
  constexpr int kLongest = 64;
  Play play(std::move(clock));
  for (int i = 0; i < kLongest && !input.empty(); ++i) play.step(input);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t kMostEvents = 1'000'000;
  fuzz::Input input(data, size);
  simulation::World world(input.byte());
  simulation::draw_ids_from(world.random);
  const simulation::DriftingClock clock;
  Threads threads(world, clock,
                  {.latency = milliseconds(1), .preempt = 0.02, .longest_wait = milliseconds(20)},
                  [] {});
  bool ended = false;
  std::exception_ptr broken;
  threads.start([&] {
    try {
      play(input, std::make_shared<simulation::SimulatedClock>(world, clock, clock));
    } catch (...) {
      broken = std::current_exception();
    }
    ended = true;
  });
  while (!ended && world.now() < hours(3))
    require(world.run_until(world.now() + seconds(1), kMostEvents), "runs in circles");
  require(ended, "a call that does not come back");
  // What was left behind in a store that hung ends too.
  world.run_until(world.now() + minutes(1), kMostEvents);
  if (broken) std::rethrow_exception(broken);
  return 0;
}
