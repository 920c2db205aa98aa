#include "support/fake_clock.h"

#include "support/eventually.h"

namespace mongoelector::test {

void FakeClock::wait(std::unique_lock<std::mutex>& lock, std::condition_variable& condition,
                     Instant until) {
  std::multiset<Instant>::iterator mine;
  {
    const std::lock_guard guard(mutex_);
    mine = waiting_.insert(until);
  }
  // A wait may end early, so looking each real millisecond whether time has moved is enough.
  if (now() < until) condition.wait_for(lock, std::chrono::milliseconds(1));
  const std::lock_guard guard(mutex_);
  waiting_.erase(mine);
}

bool FakeClock::await_waiter(Instant until) const {
  return eventually([&] {
    const std::lock_guard guard(mutex_);
    return !waiting_.empty() && *waiting_.begin() <= until;
  });
}

}  // namespace mongoelector::test
