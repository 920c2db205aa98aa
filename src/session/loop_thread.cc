#include "session/loop_thread.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/thread.h"

namespace mongoelector::internal {

struct LoopThread::Thread {
  // What the thread itself touches, which may outlive the rest.
  struct Shared {
    std::mutex mutex;
    std::condition_variable ended_changed;
    bool ended = false;
    std::atomic<std::thread::id> id;  // set by the thread itself
  };
  const std::shared_ptr<Shared> shared = std::make_shared<Shared>();
  std::thread thread = {};
};

LoopThread::LoopThread() : thread_(std::make_unique<Thread>()) {}

LoopThread::~LoopThread() {
  if (thread_->thread.joinable()) thread_->thread.detach();
}

void LoopThread::start(std::function<void()> body) {
  if (thread_->thread.joinable()) return;
  thread_->thread = start_thread([shared = thread_->shared, body = std::move(body)]() mutable {
    shared->id = std::this_thread::get_id();
    try {
      body();
    } catch (...) {  // NOLINT: the bodies report their own failures; nothing may end the process
    }
    body = nullptr;
    const std::lock_guard lock(shared->mutex);
    shared->ended = true;
    shared->ended_changed.notify_all();
  });
}

bool LoopThread::finish(Clock& clock, Duration within) {
  if (!thread_->thread.joinable()) return true;
  bool ended = false;
  if (!is_this_thread()) {
    Thread::Shared& shared = *thread_->shared;
    const Instant until = clock.now() + within;
    std::unique_lock lock(shared.mutex);
    while (!shared.ended && clock.now() < until) clock.wait(lock, shared.ended_changed, until);
    ended = shared.ended;
  }
  if (ended) {
    thread_->thread.join();
  } else {
    thread_->thread.detach();
  }
  return ended;
}

bool LoopThread::running() const {
  if (!thread_->thread.joinable()) return false;
  const std::lock_guard lock(thread_->shared->mutex);
  return !thread_->shared->ended;
}

bool LoopThread::is_this_thread() const {
  return thread_->shared->id.load() == std::this_thread::get_id();
}

}  // namespace mongoelector::internal
