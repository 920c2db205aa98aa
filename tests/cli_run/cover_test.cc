// Until when a lease covers a command: a process may be stopped between any two looks.
#include "cli/cover.h"

#include <gtest/gtest.h>

#include <chrono>

#include "support/fake_clock.h"

namespace mongoelector::test {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

// Time stands still but for an hour at one of the looks.
class StoppedOnce : public FakeClock {
 public:
  explicit StoppedOnce(int at) : left_(at) {}
  Instant now() const noexcept override {
    const Instant shown = FakeClock::now() + stopped_;
    if (--left_ == 0) stopped_ = hours(1);
    return shown;
  }

 private:
  mutable int left_;
  mutable Duration stopped_{};
};

struct Holder {
  const Clock& clock;
  Instant deadline;
  Duration remaining() const {
    const Instant now = clock.now();
    return std::max(deadline - now, Duration::zero());
  }
};

TEST(Cover, is_never_longer_than_the_lease_wherever_the_process_is_stopped) {
  for (int at = 1; at <= 4; ++at) {
    StoppedOnce clock(at);
    const Instant deadline = clock.FakeClock::now() + seconds(8);
    const cli::Cover cover = cli::cover_of(clock, Holder{clock, deadline});
    EXPECT_LE(cover.until, deadline) << at;
  }
}

}  // namespace
}  // namespace mongoelector::test
