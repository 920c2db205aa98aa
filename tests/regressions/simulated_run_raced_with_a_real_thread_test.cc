// The simulator runs the shipping sources, and one of them had begun to ask for the machine's name
// on a thread of its own. Its locking was taken for that of a fiber, so that one process in six ran
// seed 0 another way than the others: a replay showed something else than what had been found.
#include <gtest/gtest.h>

#include "support/process.h"

namespace mongoelector::test {
namespace {

TEST(SimulatedRun, is_the_same_in_every_process) {
  const std::vector<std::string> command{SIMULATE, "swarm", "0", "1", "--trace"};
  // Fibers that are cut off leave memory behind, on purpose.
  const ProcessOptions options{.environment = {{"ASAN_OPTIONS", "detect_leaks=0"}}};
  const Finished first = run_process(command, options);
  ASSERT_EQ(first.code, 0) << first.out << first.err;
  for (int i = 0; i < 30; ++i) {
    const Finished again = run_process(command, options);
    ASSERT_EQ(again.out, first.out) << "process " << i;
  }
}

}  // namespace
}  // namespace mongoelector::test
