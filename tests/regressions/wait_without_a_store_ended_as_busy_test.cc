// `lock -w` ended with 75, held by another, when nobody held it and the store was away.
#include <gtest/gtest.h>

#include "cli/supervised.h"

namespace mongoelector::test {
namespace {

TEST(WaitForALock, ends_with_69_if_the_store_does_not_answer) {
  const LocalStore store;
  ASSERT_EQ(run_process(store.lock("true")).code, 0);
  const WriteBlock block(store.file("leases.db"));
  ASSERT_TRUE(block.taken());
  const Finished finished =
      run_process(store.lock("true", {"-w", "300ms", "--ttl", "1s", "--grace", "50ms"}));
  EXPECT_EQ(finished.code, 69) << finished.err;
}

TEST(WaitForALock, ends_with_75_if_the_store_says_that_it_is_held) {
  const LocalStore store;
  Process holder(store.lock(kObedient));
  await_ready(holder);
  const Finished finished = run_process(store.lock("true", {"-w", "300ms"}));
  EXPECT_EQ(finished.code, 75) << finished.err;
}

}  // namespace
}  // namespace mongoelector::test
