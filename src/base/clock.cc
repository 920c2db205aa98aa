// The two real clocks.
#include "mongoelector/clock.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <new>
#include <utility>

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
  SharedStoreClock() : moves_(&spare_[0]) {
    spare_[0].ahead_ns = ahead_of(read_ns(CLOCK_BOOTTIME));
  }
  ~SharedStoreClock() override {
    const Move* move = moves_.load();
    while (move != nullptr) discard(std::exchange(move, move->before));
  }

  Instant now() const noexcept override {
    const std::int64_t boot = read_ns(CLOCK_BOOTTIME);
    const Move* move = moves_.load(std::memory_order_acquire);
    if (std::abs(ahead_of(boot) - move->ahead_ns) > kDriftNs) move = latest_move();
    return Instant(Duration(boot + move->jumped_ns));
  }

  Duration passed() const noexcept override { return Duration(read_ns(CLOCK_BOOTTIME)); }

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
  // Where the wall clock was when it was last seen to move, and all its jumps until then. One
  // pointer publishes both at once, so nobody can see a move whose jump is not counted yet. Moves
  // are steps of the wall clock (slewing moves CLOCK_BOOTTIME along), so the chain stays short.
  struct Move {
    std::int64_t ahead_ns = 0;
    std::int64_t jumped_ns = 0;
    const Move* before = nullptr;
  };

  // The first ones need no memory: a process forked off one with threads must not ask for any.
  const Move* make(const Move& content) const noexcept {
    const std::size_t at = used_.fetch_add(1, std::memory_order_relaxed);
    if (at >= spare_.size()) return new (std::nothrow) Move(content);
    spare_[at] = content;
    return &spare_[at];
  }
  void discard(const Move* move) const noexcept {
    const bool spare = std::less_equal<>()(spare_.data(), move) &&
                       std::less<>()(move, spare_.data() + spare_.size());
    if (!spare) delete move;
  }

  // The coarse clock is enough to see a jump and four times cheaper.
  static std::int64_t ahead_of(std::int64_t boot) {
    return read_ns(CLOCK_REALTIME_COARSE) - boot;
  }

  const Move* latest_move() const noexcept {
    const Move* known = moves_.load(std::memory_order_acquire);
    for (;;) {
      // A thread that lost the processor between the two reads saw its own pause; look again.
      const std::int64_t ahead = ahead_of(read_ns(CLOCK_BOOTTIME));
      const std::int64_t moved = ahead - known->ahead_ns;
      if (std::abs(moved) <= kDriftNs) return known;
      const std::int64_t jump = moved > kJumpNs ? moved : 0;
      const Move* next = make({ahead, known->jumped_ns + jump, known});
      if (next == nullptr) return known;
      if (moves_.compare_exchange_strong(known, next, std::memory_order_acq_rel)) return next;
      discard(next);  // somebody else has seen it first
    }
  }

  mutable std::array<Move, 64> spare_{};
  mutable std::atomic<std::size_t> used_{1};
  mutable std::atomic<const Move*> moves_;
};

}  // namespace

std::shared_ptr<Clock> make_shared_store_clock() { return std::make_shared<SharedStoreClock>(); }

std::shared_ptr<Clock> make_machine_clock() { return std::make_shared<MachineClock>(); }

}  // namespace mongoelector
