// Wake-ups: hints of the store brought to those who wait for a key in this process.
//
// Candidates (participants) are woken each. Of the callers that block on one lock only the front
// one is: it talks to the store for all of them, the rest queue behind it.
#pragma once

#include <condition_variable>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <vector>

#include "mongoelector/store.h"
#include "session/loop_thread.h"
#include "session/participant.h"

namespace mongoelector::internal {

// One blocked caller. Made and used by that caller's thread; woken by any.
class Waiter {
 public:
  void wake();
  // Whoever is in front may talk to the store.
  void make_front();
  bool front() const;
  // Until woken or `until`; consumes the wake-up. False: the time has come.
  bool wait(Clock& clock, Instant until);

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  bool front_ = false;
};

class Waker {
 public:
  Waker(std::shared_ptr<LeaseStore> store, std::shared_ptr<Clock> clock)
      : store_(std::move(store)), clock_(std::move(clock)) {}
  // Subscribes at the store; without hints there, runs no thread.
  void start();
  bool finish(Duration within);
  bool running() const { return thread_.running(); }
  // Whether the store sends hints now; if not, everybody polls.
  bool has_hints() const;

  void add(const Key& key, const std::weak_ptr<Participant>& who);
  void remove(const Key& key, const Participant* who);
  void join(const Key& key, Waiter& waiter);
  void leave(const Key& key, Waiter& waiter);
  // A lease of this key was just given up in this process.
  void freed_here(const Key& key);

 private:
  struct Shared {
    mutable std::mutex mutex;
    std::multimap<Key, std::weak_ptr<Participant>> candidates;
    std::map<Key, std::list<Waiter*>> queues;
    std::shared_ptr<Watch> watch;
    bool hints = false;
    bool closing = false;
  };
  static void deliver(Shared& shared, const Watch::Hints& hints);

  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::shared_ptr<LeaseStore> store_;
  std::shared_ptr<Clock> clock_;
  LoopThread thread_;
};

}  // namespace mongoelector::internal
