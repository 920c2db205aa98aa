// A guardian that waits for its start looks at no clock, and so missed what its supervisor's clock
// had taken for elapsed: the command was killed that much later than it should. Found by review.
#include <gtest/gtest.h>

#include <atomic>

#include "cli/supervised.h"
#include "support/eventually.h"

namespace mongoelector::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Sees a step of the wall clock when told to; a process forked before does not.
class SteppedClock : public Clock {
 public:
  Instant now() const noexcept override { return right_->now() + Duration(stepped_.load()); }
  Duration passed() const noexcept override { return right_->passed(); }
  WallTime wall() const noexcept override { return right_->wall(); }
  void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& condition,
            Instant until) override {
    right_->wait(lock, condition, until);
  }
  void step(Duration by) { stepped_ += by.count(); }

 private:
  const std::shared_ptr<Clock> right_ = make_machine_clock();
  std::atomic<Duration::rep> stepped_{0};
};

class SteppedGuardian : public testing::Test {
 protected:
  cli::ChildPlan plan(Instant covered_until) const {
    cli::ChildPlan plan{.argv = {"sleep", "1000"},
                        .environment = {"PATH=/usr/bin:/bin"},
                        .covered_until = covered_until};
    sigemptyset(&plan.signal_mask);
    return plan;
  }

  SteppedClock clock_;
};

TEST_F(SteppedGuardian, kills_when_its_supervisor_would) {
  auto guardian = std::make_unique<cli::Guardian>(clock_);
  clock_.step(hours(1));
  cli::Child child(plan(clock_.now() + seconds(1)), clock_, milliseconds(100), std::move(guardian));
  EXPECT_EQ(exit_code_of(child, clock_), 128 + SIGKILL);
}

TEST_F(SteppedGuardian, kills_when_its_supervisor_says_so_later) {
  auto guardian = std::make_unique<cli::Guardian>(clock_);
  clock_.step(hours(1));
  cli::Child child(plan(clock_.now() + hours(1)), clock_, milliseconds(100), std::move(guardian));
  ASSERT_TRUE(eventually([&] {
    child.look();
    return child.pid() > 0;
  }));
  child.covered_until(clock_.now() + milliseconds(100));
  EXPECT_EQ(exit_code_of(child, clock_), 128 + SIGKILL);
}

}  // namespace
}  // namespace mongoelector::test
