// bench: figures that add up, no trace left, and no disturbance of others.
#include <gtest/gtest.h>

#include <signal.h>

#include "cli/contract.h"
#include "cli/stores.h"

namespace mongoelector::test {
namespace {

using nlohmann::json;

class Bench : public testing::TestWithParam<const char*> {
 protected:
  std::size_t locks() const {
    const ListReply left = at.store().list(Kind::lock, "");
    EXPECT_EQ(left.outcome, Outcome::granted);
    return left.records.size();
  }

  const StoreUnderTest at{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Stores, Bench, testing::Values("sqlite", "mongodb"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST_P(Bench, of_each_kind_measures_and_leaves_nothing) {
  for (const std::string op : {"lock", "renew", "handoff", "failover"}) {
    const Finished tool =
        at.tool({"bench", "--json", "--op", op, "--clients", "2", "--duration", "300ms"});
    EXPECT_EQ(tool.code, 0) << tool.err;
    const json document = document_of(tool.out, "mongoelector.bench/1");
    EXPECT_EQ(document.at("op"), op);
    EXPECT_EQ(document.at("errors"), 0) << tool.err;
    ASSERT_GE(document.at("operations"), 2) << op;
    std::size_t counted = 0;
    for (const json& bucket : document.at("histogram")) counted += bucket.at("count").get<int>();
    EXPECT_EQ(document.at("operations"), counted);
    const json& latency = document.at("latency");
    EXPECT_GT(latency.at("p50_seconds"), 0);
    EXPECT_LE(latency.at("p50_seconds"), latency.at("p99_seconds"));
    EXPECT_LE(latency.at("p99_seconds"), latency.at("max_seconds"));
    if (op == "failover") {
      EXPECT_GE(latency.at("p50_seconds"), 1.0) << "nobody leads before the ttl is over";
    }
    EXPECT_EQ(document.at("left_behind"), 0);
    EXPECT_EQ(locks(), 0u) << op;
  }
}

TEST_P(Bench, does_not_disturb_an_election_unless_told_to) {
  const auto leader = at.lead("billing");
  const Finished refused = at.tool({"bench", "--json", "--duration", "100ms"});
  EXPECT_EQ(refused.code, 75);
  EXPECT_NE(error_of(refused).at("message").get<std::string>().find("billing"), std::string::npos);
  EXPECT_EQ(at.tool({"bench", "--share", "--duration", "100ms"}).code, 0);
  EXPECT_TRUE(leader->ismaster());
}

TEST_P(Bench, leaves_nothing_after_ctrl_c_and_tells_what_it_had) {
  for (const std::string op : {"renew", "failover"}) {
    Process tool(tool_command({"--uri", at.uri(), "bench", "--json", "--op", op, "--clients", "2",
                               "--duration", "10m"}));
    ASSERT_TRUE(eventually([&] { return locks() == 2; }));
    tool.signal(SIGINT);
    const Finished finished = tool.wait();
    EXPECT_EQ(finished.code, 130) << finished.err;
    const json document = document_of(finished.out, "mongoelector.bench/1");
    EXPECT_TRUE(document.at("interrupted"));
    EXPECT_EQ(locks(), 0u) << op;
  }
}

TEST(BenchFlags, an_operation_that_does_not_exist_exits_64) {
  const Finished tool = run_tool({"bench", "--op", "swim", "--json", "--uri", "memory:"});
  EXPECT_EQ(tool.code, 64);
  EXPECT_EQ(error_of(tool).at("hint"), "lock, renew, handoff or failover");
}

}  // namespace
}  // namespace mongoelector::test
