// What all copies of one Term share.
#pragma once

#include <atomic>
#include <memory>
#include <stop_token>

#include "base/fork_guard.h"
#include "mongoelector/clock.h"
#include "mongoelector/lease.h"

namespace mongoelector::internal {

struct TermState {
  Token token;
  WallTime since;
  std::shared_ptr<Clock> clock;
  std::shared_ptr<const ForkGuard> guard;
  std::stop_source stop = {};
  // 0: over. Written under the participant's lock, read by anybody.
  std::atomic<Duration::rep> valid_until{0};
};

}  // namespace mongoelector::internal
