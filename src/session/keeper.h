// The thread that keeps all leases of a process alive: batched renewals, the earliest deadline
// first.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "mongoelector/store.h"
#include "session/loop_thread.h"
#include "session/timetable.h"

namespace mongoelector::internal {

// Leases of one store call: large enough to make the round trip cheap, small enough (about 25 ms on
// MongoDB) that the next thousand do not wait long.
inline constexpr std::size_t kRenewBatch = 1000;

class Keeper {
 public:
  Keeper(std::shared_ptr<LeaseStore> store, std::shared_ptr<Clock> clock)
      : store_(std::move(store)), clock_(std::move(clock)) {}
  void start();
  // Any thread; never blocks. The lease of `who` is renewed at `at`, or up to `slack` earlier
  // together with others.
  void set(const std::shared_ptr<Participant>& who, Instant at, Duration slack);
  bool finish(Duration within);
  bool running() const { return thread_.running(); }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    Timetable timetable;
    bool closing = false;
  };
  using Due = std::vector<std::shared_ptr<Participant>>;
  static void renew_all(LeaseStore& store, Clock& clock, const Due& due);

  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::shared_ptr<LeaseStore> store_;
  std::shared_ptr<Clock> clock_;
  LoopThread thread_;
};

}  // namespace mongoelector::internal
