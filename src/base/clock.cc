// The two real clocks.
#include "mongoelector/clock.h"

#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace mongoelector {

namespace {

std::int64_t read_ns(clockid_t id) noexcept {
  timespec now{};
  clock_gettime(id, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

class MachineClock : public Clock {
 public:
  Instant now() const noexcept override { return Instant(Duration(read_ns(CLOCK_MONOTONIC))); }
  WallTime wall() const noexcept override {
    return WallTime(
        std::chrono::duration_cast<WallTime::duration>(Duration(read_ns(CLOCK_REALTIME))));
  }
  void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& condition,
            Instant until) override {
    if (until == Instant::max()) {
      condition.wait(lock);
    } else {
      // std::condition_variable waits on CLOCK_MONOTONIC, the clock that now() reads here.
      condition.wait_until(lock, std::chrono::steady_clock::time_point(until.time_since_epoch()));
    }
  }
};

// A wall clock that moves forward against CLOCK_BOOTTIME by more than this between two looks has
// jumped: a virtual machine was paused without its clocks running, or somebody set the time. Less
// is slewing, or the coarse clock's tick.
constexpr std::int64_t kJumpNs = 100'000'000;
constexpr std::int64_t kDriftNs = 20'000'000;
// Condition variables do not run during suspend, so long waits are cut into pieces.
constexpr Duration kLongestWait = std::chrono::milliseconds(500);

class SharedStoreClock : public Clock {
 public:
  SharedStoreClock() : wall_ahead_ns_(read_ns(CLOCK_REALTIME_COARSE) - read_ns(CLOCK_BOOTTIME)) {}

  Instant now() const noexcept override {
    const std::int64_t boot = read_ns(CLOCK_BOOTTIME);
    // The coarse clock is enough to see a jump and four times cheaper.
    const std::int64_t ahead = read_ns(CLOCK_REALTIME_COARSE) - boot;
    const std::int64_t known = wall_ahead_ns_.load(std::memory_order_acquire);
    const std::int64_t moved = ahead - known;
    if (moved > kDriftNs || moved < -kDriftNs) note_move(known);
    return Instant(Duration(boot + jumped_ns_.load(std::memory_order_acquire)));
  }

  WallTime wall() const noexcept override {
    return WallTime(
        std::chrono::duration_cast<WallTime::duration>(Duration(read_ns(CLOCK_REALTIME))));
  }

  void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& condition,
            Instant until) override {
    if (until == Instant::max()) {
      condition.wait(lock);
      return;
    }
    const Duration left = until - now();
    if (left > Duration::zero()) condition.wait_for(lock, std::min(left, kLongestWait));
  }

 private:
  void note_move(std::int64_t known) const noexcept {
    // A thread that lost the processor between the two reads saw its own pause; look again.
    const std::int64_t boot = read_ns(CLOCK_BOOTTIME);
    const std::int64_t ahead = read_ns(CLOCK_REALTIME_COARSE) - boot;
    // One of the threads that see the move accounts for it. Adding before publishing could count a
    // jump twice if the exchange failed, so the winner of the exchange adds; a reader in between is
    // at most one call behind.
    if (wall_ahead_ns_.compare_exchange_strong(known, ahead, std::memory_order_acq_rel) &&
        ahead - known > kJumpNs) {
      jumped_ns_.fetch_add(ahead - known, std::memory_order_acq_rel);
    }
  }

  mutable std::atomic<std::int64_t> wall_ahead_ns_;
  mutable std::atomic<std::int64_t> jumped_ns_{0};
};

}  // namespace

std::shared_ptr<Clock> make_shared_store_clock() { return std::make_shared<SharedStoreClock>(); }

std::shared_ptr<Clock> make_machine_clock() { return std::make_shared<MachineClock>(); }

}  // namespace mongoelector
