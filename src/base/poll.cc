#include "base/poll.h"

#include <algorithm>
#include <chrono>

namespace mongoelector::internal {

namespace {

// The kernel waits on a clock that does not run during suspend, so long waits are cut into pieces.
constexpr Duration kLongestWait = std::chrono::milliseconds(500);

}  // namespace

bool poll_until(const Clock& clock, std::span<pollfd> watched, Instant until) noexcept {
  for (;;) {
    timespec piece{};
    if (until != Instant::max()) {
      const Duration left = std::clamp(until - clock.now(), Duration::zero(), kLongestWait);
      piece = {.tv_sec = 0, .tv_nsec = static_cast<long>(left.count())};
    }
    const int ready = ppoll(watched.data(), watched.size(),
                            until == Instant::max() ? nullptr : &piece, nullptr);
    if (ready > 0) return true;
    if (until != Instant::max() && clock.now() >= until) return false;
  }
}

}  // namespace mongoelector::internal
