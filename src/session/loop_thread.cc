#include "session/loop_thread.h"

#include <pthread.h>
#include <signal.h>

namespace mongoelector::internal {

LoopThread::~LoopThread() {
  if (thread_.joinable()) thread_.detach();
}

void LoopThread::start(std::function<void()> body) {
  if (thread_.joinable()) return;
  // Signals belong to the program: ours never run its handlers.
  sigset_t all{};
  sigset_t before{};
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([shared = shared_, body = std::move(body)]() mutable {
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
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

bool LoopThread::finish(Clock& clock, Duration within) {
  if (!thread_.joinable()) return true;
  bool ended = false;
  if (!is_this_thread()) {
    const Instant until = clock.now() + within;
    std::unique_lock lock(shared_->mutex);
    while (!shared_->ended && clock.now() < until) clock.wait(lock, shared_->ended_changed, until);
    ended = shared_->ended;
  }
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();
  }
  return ended;
}

bool LoopThread::running() const {
  if (!thread_.joinable()) return false;
  const std::lock_guard lock(shared_->mutex);
  return !shared_->ended;
}

}  // namespace mongoelector::internal
