// Wake-ups: hints of the store brought to those who wait for a key in this process.
//
// The waker's thread subscribes at the store, and anew after a pause whenever the hints have come
// to an end. Only while it is subscribed may anybody rely on hints; each change of that wakes
// everybody, to look for themselves and to settle how often to poll.
//
// Candidates (participants) are woken each. Of the callers that block on one lock only the front
// one is: it talks to the store for all of them, the rest queue behind it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "mongoelector/store.h"
#include "session/loop_thread.h"
#include "session/participant.h"

namespace mongoelector::internal {

// Why a blocked caller goes on; of several reasons the last of these.
enum class Woken : std::uint8_t {
  no,     // the time has come
  look,   // something has changed, perhaps for this key
  freed,  // the key was given up, as far as the store can tell
};

// One blocked caller. Made and used by that caller's thread; woken by any.
class Waiter {
 public:
  void wake(Woken why);
  // Whoever is in front may talk to the store.
  void make_front();
  bool front() const;
  // Until woken or `until`; consumes the wake-up.
  Woken wait(Clock& clock, Instant until);

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Woken woken_ = Woken::no;
  bool front_ = false;
};

class Waker {
 public:
  // Told, on the waker's thread, why there are no hints; once until there are some again.
  using Complaint = std::function<void(const std::string& why)>;

  Waker(std::shared_ptr<LeaseStore> store, std::shared_ptr<Clock> clock)
      : store_(std::move(store)), clock_(std::move(clock)) {}
  // Does not wait for the store, and asks it for hints once somebody waits. Where it turns out
  // never to send any, the thread ends.
  void start(Complaint complaint);
  // Waits a moment for the thread to let go of the store, never longer than `within`; a thread that
  // hangs there is left behind.
  bool finish(Duration within);
  bool running() const { return thread_.running(); }
  // Whether the store sends hints now; if not, everybody polls.
  bool has_hints() const;

  void add(const Key& key, const std::weak_ptr<Participant>& who);
  void remove(const Key& key, const Participant* who);
  // Whether `who` wants to hear of renewals: not of its own. From add() on it does.
  void follow(const Key& key, const Participant* who, bool wanted);
  void join(const Key& key, Waiter& waiter);
  void leave(const Key& key, Waiter& waiter);
  // How many callers block on it.
  std::size_t waiting_for(const Key& key) const;
  // A lease of this key was just given up in this process.
  void freed_here(const Key& key);

 private:
  struct Candidate {
    std::weak_ptr<Participant> who;
    bool follows = true;
  };
  struct Shared {
    mutable std::mutex mutex;
    std::multimap<Key, Candidate> candidates;
    std::map<Key, std::list<Waiter*>> queues;
    std::shared_ptr<Watch> watch;  // while subscribed
    bool needed = false;  // somebody has waited, so hints are worth their price
    bool closing = false;
    std::condition_variable state_changed;
  };
  static void run(Shared& shared, LeaseStore& store, Clock& clock, const Complaint& complaint);
  static void listen(Shared& shared, const std::shared_ptr<Watch>& watch);
  static bool pause(Shared& shared, Clock& clock, Duration length);
  static bool await_need(Shared& shared, Clock& clock);
  // These two with the mutex held.
  static void need(Shared& shared);
  static void tell_followed(Shared& shared);
  static void deliver(Shared& shared, const Watch::Hints& hints);
  static void deliver_renewals(Shared& shared, const Watch::Hints& hints);

  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::shared_ptr<LeaseStore> store_;
  std::shared_ptr<Clock> clock_;
  LoopThread thread_;
};

}  // namespace mongoelector::internal
