// A supervisor that was stopped between taking the lease and starting its command started it all
// the same, after the lease; and one that was stopped right after that had not yet told the
// guardian when to kill, so that the command ran on without end.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>

#include "cli/child.h"
#include "cli/signals.h"
#include "cli/supervised.h"
#include "support/temp_dir.h"

namespace mongoelector::test {
namespace {

using namespace std::chrono_literals;

class LateSupervisor : public testing::Test {
 protected:
  cli::ChildPlan plan(const std::string& script, Duration covered_for) const {
    return {.argv = {"sh", "-c", script},
            .environment = {"PATH=/usr/bin:/bin"},
            .signal_mask = signals_.inherited(),
            .covered_until = clock_->now() + covered_for};
  }
  int end_of(cli::Child& child) const { return exit_code_of(child, *clock_); }

  const cli::Signals signals_;
  const std::shared_ptr<Clock> clock_ = make_machine_clock();
};

TEST_F(LateSupervisor, starts_no_command_once_the_lease_is_over) {
  const TempDir dir;
  cli::Child child(plan("touch " + dir.file("started"), 0s), *clock_, 1s);
  EXPECT_EQ(end_of(child), 128 + SIGKILL);
  EXPECT_FALSE(std::filesystem::exists(dir.file("started")));
}

TEST_F(LateSupervisor, need_say_nothing_more_for_its_command_to_end_in_time) {
  cli::Child child(plan("trap '' TERM; while :; do sleep 0.02; done", 100ms), *clock_, 50ms);
  EXPECT_EQ(end_of(child), 128 + SIGKILL);
}

}  // namespace
}  // namespace mongoelector::test
