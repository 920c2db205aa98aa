// Bytes as a program: calls on electors and lockers of one session, with a clock that stands until
// it is moved, a store that fails when told to, and callbacks that call back in.
//
// Whatever is called in whatever order: callbacks of an elector alternate and their tokens grow;
// whoever believes to hold something holds it at the store, unexpired; nobody does beside another;
// and every call comes back (libFuzzer's -timeout, the hang limit of test_fuzz).
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

#include "fuzz/fuzz.h"
#include "mongoelector/locker.h"
#include "mongoelector/memory_store.h"
#include "mongoelector/mongoelector.h"
#include "support/eventually.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"

using namespace mongoelector;
using fuzz::require;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::FakeClock;
using test::FaultyStore;
using test::Verb;

namespace {

constexpr Duration kTtl = seconds(10);
constexpr std::array kVerbs{Verb::claim,  Verb::renew,        Verb::release, Verb::read,
                            Verb::report, Verb::read_control, Verb::info,    Verb::record_term};

// Lets time pass while a call blocks: a call that waits for a deadline must meet it.
class PassingTime {
 public:
  explicit PassingTime(FakeClock& clock)
      : thread_([this, &clock] {
          // A call that comes back at once sees no time pass at all.
          while (!test::eventually([&] { return over_.load(); }, milliseconds(5)))
            clock.advance(milliseconds(50));
        }) {}
  ~PassingTime() {
    over_ = true;
    thread_.join();
  }
  PassingTime(const PassingTime&) = delete;
  PassingTime& operator=(const PassingTime&) = delete;

 private:
  std::atomic<bool> over_{false};
  std::thread thread_;
};

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
    const std::lock_guard lock(mutex_);
    require(broken_ == nullptr, broken_);
  }

 private:
  void demand(bool promise, const char* what) {
    if (!promise && broken_ == nullptr) broken_ = what;
  }
  void won(const Term& term) {
    {
      const std::lock_guard lock(mutex_);
      demand(!leading_, "onmaster twice without onmasterloss");
      demand(term.token() > token_, "a term whose token is not larger");
      leading_ = true;
      token_ = term.token();
    }
    act();
  }
  void lost(const Term& term) {
    {
      const std::lock_guard lock(mutex_);
      demand(leading_, "onmasterloss without onmaster");
      demand(term.token() == token_, "onmasterloss of another term");
      demand(!term.valid(), "onmasterloss while the term is valid");
      leading_ = false;
    }
    act();
  }
  void act() {
    switch (action_.load() % 8) {
      case 1: elector_.stop(); break;
      case 2: elector_.release(); break;
      case 3: elector_.poll(); break;
      case 4: elector_.start(); break;
      case 5: elector_.start(true); break;
      case 6: throw std::runtime_error("a callback that fails");
      default: elector_.node_status(); break;
    }
  }

  mutable std::mutex mutex_;
  const char* broken_ = nullptr;
  bool leading_ = false;
  Token token_;
  std::atomic<std::uint8_t> action_{0};
  MongoElector elector_;  // last: its callbacks use the rest
};

class Play {
 public:
  Play() {
    for (auto& candidate : candidates_) candidate = std::make_unique<Candidate>(session_);
    for (auto& locker : lockers_) locker = make_locker();
  }
  ~Play() {
    store_->heal();
    const PassingTime passing(*clock_);
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
      clock_->advance(milliseconds(20) * argument);
    } else if (call % 4 == 1) {
      disturb(call / 4, argument);
    } else {
      const PassingTime passing(*clock_);
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
      case 3: store_->hang(verb); break;
      case 4: store_->heal(); break;
      default: candidates_[argument % 2]->in_callbacks(argument / 2); break;
    }
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

  // The clock stands still while this looks.
  void check() const {
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

  const std::shared_ptr<FakeClock> clock_ = std::make_shared<FakeClock>();
  const std::shared_ptr<LeaseStore> memory_ = make_memory_store(clock_);
  const std::shared_ptr<FaultyStore> store_ = std::make_shared<FaultyStore>(memory_);
  std::shared_ptr<Session> session_ =
      std::make_shared<Session>(store_, ConnectOptions{.clock = clock_});
  std::array<std::unique_ptr<Candidate>, 2> candidates_;
  std::array<std::unique_ptr<MongoLocker>, 2> lockers_;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int kLongest = 64;
  fuzz::Input input(data, size);
  Play play;
  for (int i = 0; i < kLongest && !input.empty(); ++i) play.step(input);
  return 0;
}
