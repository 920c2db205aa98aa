// One client process in virtual time: a clock, threads, a session of the shipping library on a
// simulated store, and a program that uses it. It can be frozen, when nothing of it runs while the
// world goes on, and killed, when it never runs again and another takes its place.
//
// What the library promises is watched from outside: whenever a thread of the process has run, it
// is asked what ismaster() or owned() would answer now.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include "mongoelector/connect.h"
#include "mongoelector/error.h"
#include "simulation/model/register.h"
#include "simulation/model/sim_store.h"

namespace mongoelector::simulation {

struct Surroundings {
  Telling& telling;
  Network& network;
  StoreModel& store;
  Register& resource;

  World& world() const { return telling.world; }
  const Profile& profile() const { return telling.profile; }
};

class Process {
 public:
  Process(Surroundings& around, int id, DriftingClock clock, DriftingClock wall);
  virtual ~Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void begin();
  bool begun() const { return begun_; }
  void freeze(Duration length);
  void thaw();
  void kill();
  // At the end of the run: its threads' stacks are used again, the rest stays as it is.
  void bury() { threads_.kill(); }
  bool dead() const { return threads_.dead(); }
  int id() const { return id_; }
  // The wall clock was set; forward, the shared store's clock counts it as time gone by.
  void set_clock(Duration by);
  // One random call of the API, by a thread of the program.
  void call_at_random();
  // From now on the program only wants to hold the key.
  void settle();
  // Whether ismaster() or owned() answers yes.
  bool holding() const { return seen_ && clock().at(world().now()) < seen_->until; }
  void hint(bool freed, bool ended) { connection_.hint(freed, ended); }
  bool claims_in_flight() const { return connection_.claims_in_flight > 0; }

 protected:
  // What the program sees of its lease at this moment.
  struct Validity {
    Token token;
    Instant until;
    std::stop_token over;
  };
  virtual std::optional<Validity> look() = 0;
  // The object under test; all of them run on threads of the process.
  virtual void make(const std::shared_ptr<Session>& session) = 0;
  virtual void destroy() = 0;  // when no other thread is in a call
  virtual void call_something(bool from_callback) = 0;
  virtual void hold_on() = 0;  // one turn of a program that only wants to hold the key
  virtual void let_calls_return() = 0;
  virtual bool exists() const = 0;

  // A call of the API by the present thread, told before and after.
  template <class Call>
  void api(ApiCall which, const Call& call);
  void call_from_callback();
  // What the body of a callback does: it takes its time.
  void take_time();
  bool throws();
  bool has_seen(Token token) const { return told_token_ == token.value(); }
  void observe();  // tells when a lease begins, is extended or is over
  std::int64_t lease_of(Token token) const;
  void tell(What what, Token token, int detail = 0);

  Telling& around() const { return around_.telling; }
  World& world() const { return around_.world(); }
  const Profile& profile() const { return around_.profile(); }
  const DriftingClock& clock() const { return clock_; }
  Clock& own_clock() const { return *session_clock_; }
  bool settled() const { return settled_; }
  bool giving_back() const { return giving_back_ > 0; }
  static constexpr const char* kKey = "k";

  Surroundings& around_;

 private:
  struct Seen {
    Token token;
    Instant until;
  };
  void take_session();
  void live();
  void make_again();
  void write_to_register();

  const int id_;
  DriftingClock clock_;
  DriftingClock wall_;
  Threads threads_;
  Connection connection_;
  std::shared_ptr<Clock> session_clock_;
  std::shared_ptr<Session> session_;
  std::optional<Seen> seen_;
  std::uint64_t told_token_ = 0;  // of the latest term whose end is listened for
  // Kept: each may be called a good while after the next term has begun.
  std::deque<std::stop_callback<std::function<void()>>> on_over_;
  std::int64_t calls_ = 0;
  int calls_open_ = 0;
  int giving_back_ = 0;
  int callbacks_ = 0;  // that take their time
  bool begun_ = false;
  bool closing_ = false;
  bool settled_ = false;
  std::uint64_t freezes_ = 0;
};

template <class Call>
void Process::api(ApiCall which, const Call& call) {
  const std::int64_t number = ++calls_;
  // An acquire that fails at the last moment gives back what it had won.
  const bool gives_back = which == ApiCall::release || which == ApiCall::destroy ||
                          which == ApiCall::acquire || which == ApiCall::stop;
  const auto told = [&](What what) {
    around().tell(
        {.what = what, .client = id_, .cause = number, .detail = static_cast<int>(which)});
  };
  told(What::called);
  ++calls_open_;
  giving_back_ += gives_back ? 1 : 0;
  try {
    call();
  } catch (const Error&) {  // each is documented; what it means is seen from outside
  }
  giving_back_ -= gives_back ? 1 : 0;
  --calls_open_;
  told(What::returned);
}

}  // namespace mongoelector::simulation
