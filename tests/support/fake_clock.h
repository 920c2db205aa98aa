// A clock that stands still until the test moves it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>

#include "mongoelector/clock.h"

namespace mongoelector::test {

class FakeClock : public Clock {
 public:
  Instant now() const noexcept override { return Instant(Duration(now_.load())); }
  Duration passed() const noexcept override { return Duration(now_.load() - jumped_.load()); }
  WallTime wall() const noexcept override {
    return WallTime(std::chrono::duration_cast<WallTime::duration>(Duration(now_.load()))) +
           std::chrono::duration_cast<WallTime::duration>(Duration(wall_ahead_.load()));
  }
  void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& condition,
            Instant until) override;

  void advance(Duration by) { now_ += by.count(); }
  // What a clock for shared stores takes for elapsed when somebody sets the wall clock.
  void jump(Duration by) {
    jumped_ += by.count();
    now_ += by.count();
  }
  void set_wall_ahead(Duration by) { wall_ahead_ = by.count(); }
  // Blocks until some thread waits for `until` or earlier, but not for ever: the fake clock's
  // "everybody is where I expect them, now time may pass". False after 20 real seconds.
  bool await_waiter(Instant until) const;

 private:
  std::atomic<Duration::rep> now_{
      std::chrono::duration_cast<Duration>(std::chrono::hours(1000)).count()};
  std::atomic<Duration::rep> jumped_{0};
  std::atomic<Duration::rep> wall_ahead_{0};
  mutable std::mutex mutex_;
  std::multiset<Instant> waiting_;
};

}  // namespace mongoelector::test
