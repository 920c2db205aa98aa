// One thread of a session: started once, ended within a bound or left behind.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "mongoelector/clock.h"

namespace mongoelector::internal {

// `body` must own (by shared_ptr) everything it touches: a thread that hangs in a store is left
// behind with it. An exception that escapes from `body` ends the thread, never the process.
class LoopThread {
 public:
  LoopThread() = default;
  ~LoopThread();
  // Harmless when it has been started before.
  void start(std::function<void()> body);
  // Call after telling the body to end. Waits until it has, at most `within`; after that, or on the
  // thread itself, the thread is detached. Returns whether it has ended.
  bool finish(Clock& clock, Duration within);
  bool running() const;
  // Any thread, also while another starts it.
  bool is_this_thread() const { return shared_->id.load() == std::this_thread::get_id(); }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable ended_changed;
    bool ended = false;
    std::atomic<std::thread::id> id;  // set by the thread itself
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::thread thread_;
};

}  // namespace mongoelector::internal
