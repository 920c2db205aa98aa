// The URI is not passed on to a command, so the tool, started by it, took the store of this machine
// in silence for the one that all hosts share.
#include <gtest/gtest.h>

#include "cli/supervised.h"

namespace mongoelector::test {
namespace {

const std::string kTool = MONGOELECTOR_CLI;

// `lock a FLAGS -c 'mongoelector WORDS'`
Finished nested(const LocalStore& store, const std::string& words, const std::string& flags = {}) {
  const std::string line = kTool + " lock a " + flags + " -c '" + kTool + " " + words + "'";
  const std::string state = store.file("state");
  return run_process(
      {"sh", "-c", line},
      {.environment = {{"MONGODB_URI", store.uri()}, {"STATE_DIRECTORY", state}}});
}

TEST(NestedTool, refuses_the_default_store_where_the_uri_was_kept_from_it) {
  const LocalStore store;
  const Finished refused = nested(store, "status a");
  EXPECT_EQ(refused.code, 78);
  EXPECT_NE(refused.err.find("--keep-uri-env"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("--uri-file"), std::string::npos) << refused.err;
  EXPECT_EQ(nested(store, "lock b -- true").code, 78);
}

TEST(NestedTool, works_with_a_store_that_was_named) {
  const LocalStore store;
  EXPECT_EQ(nested(store, "status lock/a", "--keep-uri-env").code, 0);
  EXPECT_EQ(nested(store, "status lock/a --uri " + store.uri()).code, 0);
}

TEST(NestedTool, may_use_the_default_store_if_that_is_what_all_use) {
  const LocalStore store;
  const Finished finished =
      run_tool({"lock", "a", "-c", kTool + " status lock/a"},
               {.environment = {{"STATE_DIRECTORY", store.file("state")}}});
  EXPECT_EQ(finished.code, 0) << finished.err;
}

}  // namespace
}  // namespace mongoelector::test
