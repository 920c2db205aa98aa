// Time as this library sees it: now and waiting, in one replaceable piece.
//
// Lease deadlines are points on a clock that never goes back and counts everything during which a
// rival could have taken over. "now without wait_until is half a clock", so waiting belongs to it:
// a test that replaces the clock replaces every wait too. Nothing outside src/base reads or waits
// on any other clock.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "mongoelector/lease.h"

namespace mongoelector {

// Tag of the time line that leases live on; has no now() on purpose, ask a Clock.
struct LeaseTimeline {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<LeaseTimeline>;
  static constexpr bool is_steady = true;
};

using Instant = LeaseTimeline::time_point;

// All members may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;

  // Never goes back. Takes no lock and makes no system call: ismaster() and owned() stand on it.
  virtual Instant now() const noexcept = 0;

  // What has certainly passed since some moment: now() without what that takes for elapsed only to
  // be on the safe side. now() is for what time takes away, this for what it gives.
  virtual Duration passed() const noexcept { return now().time_since_epoch(); }

  // For people, and for the check of local against store time; never for a deadline.
  virtual WallTime wall() const noexcept = 0;

  // Blocks until `condition` is notified or `until` has come, whichever is first; may return early
  // for no reason, so callers loop. `lock` is held on entry and on return. Instant::max() waits for
  // a notification only.
  virtual void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& condition,
                    Instant until) = 0;
};

// For a store shared between machines: CLOCK_BOOTTIME, which runs during suspend, and for now() a
// forward jump of the wall clock counts as time elapsed. After a suspend a wait() may end up to
// half a second late; now() is right at once.
std::shared_ptr<Clock> make_shared_store_clock();

// For a store on this machine only: CLOCK_MONOTONIC, the same that the embedded store judges expiry
// with.
std::shared_ptr<Clock> make_machine_clock();

}  // namespace mongoelector
