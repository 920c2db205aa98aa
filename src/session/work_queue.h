// A thread that runs jobs one after another: the dispatcher (callbacks) and the errand runner
// (store calls).
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "session/loop_thread.h"

namespace mongoelector::internal {

class WorkQueue {
 public:
  explicit WorkQueue(std::shared_ptr<Clock> clock) : clock_(std::move(clock)) {}
  // Any thread. Harmless when it has been started before; does nothing after finish().
  void start();
  // Any thread; never blocks. Jobs posted after finish() are dropped. One that throws is over, the
  // next one runs.
  void post(std::function<void()> job);
  // Until nothing is queued or runs, at most `within`.
  void await_idle(Duration within);
  // Lets queued jobs run to their end, at most `within`.
  bool finish(Duration within);
  bool running() const { return thread_.running(); }
  bool is_this_thread() const { return thread_.is_this_thread(); }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::function<void()>> jobs;
    bool busy = false;
    std::condition_variable idle;
    bool closing = false;
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::shared_ptr<Clock> clock_;
  LoopThread thread_;
};

}  // namespace mongoelector::internal
