// `run ELECTION | head -1` ended with 71 and a message, as SIGPIPE is held back while it runs; and
// only when there was something more to say.
#include <gtest/gtest.h>

#include "cli/supervised.h"

namespace mongoelector::test {
namespace {

TEST(CandidateWithoutAReader, hands_over_and_ends_as_others_of_a_pipeline) {
  const LocalStore store;
  const Finished finished = run_process(
      {"sh", "-c",
       "{ " + std::string(MONGOELECTOR_CLI) + " --uri " + store.uri() +
           " run a; echo code $? >&2; } | head -1"});
  EXPECT_EQ(finished.out.substr(0, 8), "elected,") << finished.out;
  EXPECT_NE(finished.err.find("code 141\n"), std::string::npos) << finished.err;
  EXPECT_EQ(finished.err.find("cannot write"), std::string::npos) << finished.err;
  EXPECT_FALSE(store.record(Kind::election));
}

}  // namespace
}  // namespace mongoelector::test
