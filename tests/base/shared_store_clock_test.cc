// The clock for stores shared between machines, with a wall clock that the test moves.
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "mongoelector/clock.h"

namespace {

std::atomic<long> wall_ahead_s{0};

}  // namespace

// Stands in for the C library's in this program: only the wall clock can be moved.
extern "C" int clock_gettime(clockid_t id, timespec* now) noexcept {
  const long result = syscall(SYS_clock_gettime, id, now);
  if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) now->tv_sec += wall_ahead_s.load();
  return static_cast<int>(result);
}

namespace mongoelector::test {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST(SharedStoreClock, a_forward_jump_of_the_wall_clock_counts_as_elapsed) {
  const auto clock = make_shared_store_clock();
  const Instant before = clock->now();
  wall_ahead_s += 3600;
  const Instant after = clock->now();
  EXPECT_GE(after - before, hours(1) - seconds(1));
  EXPECT_LT(after - before, hours(1) + seconds(60));
  EXPECT_LT(clock->now() - after, seconds(60));  // once
}

TEST(SharedStoreClock, only_what_has_passed_for_certain_has_passed) {
  const auto clock = make_shared_store_clock();
  const Duration before = clock->passed();
  wall_ahead_s += 3600;
  EXPECT_LT(clock->passed() - before, seconds(60));
  EXPECT_GE(clock->passed(), before);
}

TEST(SharedStoreClock, a_backward_jump_takes_nothing_back) {
  const auto clock = make_shared_store_clock();
  const Instant before = clock->now();
  wall_ahead_s -= 3600;
  const Instant after = clock->now();
  EXPECT_GE(after, before);
  EXPECT_LT(after - before, seconds(60));
  wall_ahead_s += 3600;  // and the way back is a forward jump again
  EXPECT_GE(clock->now() - before, hours(1) - seconds(1));
}

// A jump used to be published in two steps; a thread between them read a time without it. This
// caught it in one run of three, with fifty times as many jumps.
TEST(SharedStoreClock, no_thread_reads_a_time_without_a_jump_that_has_happened) {
  constexpr int kJumps = 1000;
  const auto clock = make_shared_store_clock();
  const Instant start = clock->now();
  std::atomic<int> jumps{0};
  std::atomic<bool> behind{false};
  std::atomic<bool> back{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      Instant last = start;
      while (jumps < kJumps) {
        const int happened = jumps;
        const Instant now = clock->now();
        // The coarse clock may be some milliseconds behind at each jump.
        if (now < start + hours(happened) - seconds(kJumps / 100)) behind = true;
        if (now < last) back = true;
        last = now;
      }
    });
  }
  for (int i = 0; i < kJumps; ++i) {
    wall_ahead_s += 3600;
    ++jumps;
    // Every reader goes on seeing jumps while they happen.
    std::this_thread::yield();
  }
  for (auto& reader : readers) reader.join();
  EXPECT_FALSE(behind);
  EXPECT_FALSE(back);
}

}  // namespace
}  // namespace mongoelector::test
