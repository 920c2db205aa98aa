// One thread of a session: started once, ended within a bound or left behind.
#pragma once

#include <functional>
#include <memory>

#include "mongoelector/clock.h"

namespace mongoelector::internal {

// `body` must own (by shared_ptr) everything it touches: a thread that hangs in a store is left
// behind with it. An exception that escapes from `body` ends the thread, never the process.
class LoopThread {
 public:
  LoopThread();
  ~LoopThread();
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  // Harmless when it has been started before.
  void start(std::function<void()> body);
  // Call after telling the body to end. Waits until it has, at most `within`; after that, or on the
  // thread itself, the thread is detached. Returns whether it has ended.
  bool finish(Clock& clock, Duration within);
  bool running() const;
  // Any thread, also while another starts it.
  bool is_this_thread() const;

 private:
  // Known to the source alone: the simulator brings another, in which a thread is a fiber.
  struct Thread;
  const std::unique_ptr<Thread> thread_;
};

}  // namespace mongoelector::internal
