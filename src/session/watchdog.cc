#include "session/watchdog.h"

namespace mongoelector::internal {

void Watchdog::start() {
  thread_.start([shared = shared_, clock = clock_] {
    std::unique_lock lock(shared->mutex);
    while (!shared->closing) {
      auto due = shared->timetable.take_due(clock->now());
      if (due.empty()) {
        clock->wait(lock, shared->changed, shared->timetable.rest());
        continue;
      }
      lock.unlock();
      for (const auto& who : due) who->tick();
      due.clear();  // a participant may die here, outside the lock
      lock.lock();
    }
  });
}

void Watchdog::set(const std::shared_ptr<Participant>& who, Instant at) {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->closing) return;
  shared_->timetable.set(who, at);
  if (shared_->timetable.disturbs_rest()) shared_->changed.notify_one();
}

bool Watchdog::finish(Duration within) {
  Timetable dropped;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->closing = true;
    std::swap(dropped, shared_->timetable);
    shared_->changed.notify_one();
  }
  return thread_.finish(*clock_, within);
}

}  // namespace mongoelector::internal
