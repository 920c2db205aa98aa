// The model keeps its promises and each planted bug breaks one: the quick share of
// tests/model/check.
#include <gtest/gtest.h>

#include <string>

#include "support/process.h"

namespace mongoelector::test {
namespace {

TEST(Model, finds_every_planted_bug_and_nothing_else) {
  Process check({MONGOELECTOR_SOURCE_DIR "/tests/model/check", "--quick"});
  // Line by line, as one wait is too short for all of them on a busy machine.
  while (check.read_line().find("model:") != 0) {
  }
  const Finished finished = check.wait();
  EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
}

}  // namespace
}  // namespace mongoelector::test
