// The torture itself: what it does to processes it really does, and what it should find it finds.
#include <gtest/gtest.h>

#include "support/process.h"
#include "support/temp_dir.h"

namespace mongoelector::test {
namespace {

TEST(Stress, loses_no_addition_of_threads_and_processes) {
  const Finished finished = run_process(
      {TORTURE, "stress", "--threads", "6", "--processes", "3", "--acquisitions", "40"});
  EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
}

}  // namespace
}  // namespace mongoelector::test
