// The thread that notices the passing of time: deadlines, polls, retries. It never calls a store
// and takes only locks that nobody holds over I/O or a callback, so it fires in time while
// everything else hangs.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include "session/loop_thread.h"
#include "session/timetable.h"

namespace mongoelector::internal {

class Watchdog {
 public:
  explicit Watchdog(std::shared_ptr<Clock> clock) : clock_(std::move(clock)) {}
  void start();
  // Any thread; never blocks. Instant::max(): not any more.
  void set(const std::shared_ptr<Participant>& who, Instant at);
  bool finish(Duration within);
  bool running() const { return thread_.running(); }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    Timetable timetable;
    bool closing = false;
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::shared_ptr<Clock> clock_;
  LoopThread thread_;
};

}  // namespace mongoelector::internal
