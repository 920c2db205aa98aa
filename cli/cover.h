// Until when a lease covers what is done under it, by the clock of the library and by the one that
// commands can read.
#pragma once

#include "base/boottime.h"
#include "mongoelector/clock.h"

namespace mongoelector::cli {

struct Cover {
  Instant now;         // when it was looked at
  Duration remaining;  // zero: it is over
  Instant until;
  Duration until_boottime;
};

// The clocks come first: whoever is stopped in between takes the lease for shorter, never longer.
template <class Holder>
Cover cover_of(const Clock& clock, const Holder& holder) {
  const Instant now = clock.now();
  const Duration boottime = internal::boottime();
  const Duration remaining = holder.remaining();
  return {now, remaining, now + remaining, boottime + remaining};
}

}  // namespace mongoelector::cli
