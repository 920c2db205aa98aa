// The error object of a lock that somebody else has said nothing about who that is.
#include <gtest/gtest.h>

#include "cli/contract.h"
#include "cli/supervised.h"

namespace mongoelector::test {
namespace {

TEST(BusyLock, names_its_holder_in_json) {
  const LocalStore store;
  Process holder(store.lock(kObedient, {"--as", "batch-1"}));
  await_ready(holder);
  for (const std::vector<std::string>& flags :
       {std::vector<std::string>{"--json", "-n"}, {"--json", "--quiet-wait", "-w", "100ms"}}) {
    const auto error = error_of(run_process(store.lock("true", flags)));
    EXPECT_EQ(error.at("code"), "busy");
    EXPECT_EQ(error.at("holder").at("label"), "batch-1") << error;
    EXPECT_EQ(error.at("holder").at("pid"), holder.pid()) << error;
    EXPECT_TRUE(error.at("holder").at("id").is_string()) << error;
  }
}

}  // namespace
}  // namespace mongoelector::test
