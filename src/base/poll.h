// Waiting for file descriptors, on a Clock: the other half of Clock::wait for programs that sit in
// poll(2).
#pragma once

#include <poll.h>

#include <span>

#include "mongoelector/clock.h"

namespace mongoelector::internal {

// Blocks until one of `watched` is ready or `until` has come, and fills in `revents`. True: ready.
// Instant::max() waits for the descriptors only. A jump of the clock is seen at most half a second
// late. Makes nothing but system calls, so a child between fork and exec may use it too.
bool poll_until(const Clock& clock, std::span<pollfd> watched, Instant until) noexcept;

}  // namespace mongoelector::internal
