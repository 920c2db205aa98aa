#include "session/work_queue.h"

#include <utility>

namespace mongoelector::internal {

void WorkQueue::start() {
  const std::lock_guard starting(shared_->mutex);
  if (shared_->closing) return;
  thread_.start([shared = shared_, clock = clock_] {
    std::unique_lock lock(shared->mutex);
    for (;;) {
      if (!shared->jobs.empty()) {
        std::function<void()> job = std::move(shared->jobs.front());
        shared->jobs.pop_front();
        shared->busy = true;
        lock.unlock();
        try {
          job();
        } catch (...) {  // jobs report their own failures; the queue goes on
        }
        job = nullptr;  // what it owns goes before the lock is taken again
        lock.lock();
        shared->busy = false;
        shared->idle.notify_all();
      } else if (shared->closing) {
        return;
      } else {
        clock->wait(lock, shared->changed, Instant::max());
      }
    }
  });
}

void WorkQueue::post(std::function<void()> job) {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->closing) return;
  shared_->jobs.push_back(std::move(job));
  shared_->changed.notify_one();
}

void WorkQueue::await_idle(Duration within) {
  const Instant until = clock_->now() + within;
  std::unique_lock lock(shared_->mutex);
  while ((shared_->busy || !shared_->jobs.empty()) && clock_->now() < until)
    clock_->wait(lock, shared_->idle, until);
}

bool WorkQueue::finish(Duration within) {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->closing = true;
    shared_->changed.notify_one();
  }
  const bool ended = thread_.finish(*clock_, within);
  // Also those for which there was no thread: they own what owns this queue.
  std::deque<std::function<void()>> dropped;
  const std::lock_guard lock(shared_->mutex);
  std::swap(dropped, shared_->jobs);
  return ended;
}

}  // namespace mongoelector::internal
