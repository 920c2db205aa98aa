// In place of src/session/loop_thread.cc: the same promises, on a fiber.
#include "session/loop_thread.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "simulation/fibers/threads.h"

namespace mongoelector::internal {

struct LoopThread::Thread {
  struct Shared {
    std::mutex mutex;
    std::condition_variable ended_changed;
    bool ended = false;
  };
  const std::shared_ptr<Shared> shared = std::make_shared<Shared>();
  simulation::Threads::Id fiber = 0;
};

LoopThread::LoopThread() : thread_(std::make_unique<Thread>()) {}

LoopThread::~LoopThread() = default;

void LoopThread::start(std::function<void()> body) {
  if (thread_->fiber != 0) return;
  thread_->fiber = simulation::Threads::of_current().start(
      [shared = thread_->shared, body = std::move(body)]() mutable {
        try {
          body();
        } catch (...) {  // NOLINT: the bodies report their own failures
        }
        body = nullptr;
        const std::lock_guard lock(shared->mutex);
        shared->ended = true;
        shared->ended_changed.notify_all();
      });
}

bool LoopThread::finish(Clock& clock, Duration within) {
  if (thread_->fiber == 0) return true;
  bool ended = false;
  if (!is_this_thread()) {
    Thread::Shared& shared = *thread_->shared;
    const Instant until = clock.now() + within;
    std::unique_lock lock(shared.mutex);
    while (!shared.ended && clock.now() < until) clock.wait(lock, shared.ended_changed, until);
    ended = shared.ended;
  }
  thread_->fiber = 0;
  return ended;
}

bool LoopThread::running() const {
  if (thread_->fiber == 0) return false;
  const std::lock_guard lock(thread_->shared->mutex);
  return !thread_->shared->ended;
}

bool LoopThread::is_this_thread() const {
  return thread_->fiber != 0 && thread_->fiber == simulation::Threads::current_id();
}

}  // namespace mongoelector::internal
