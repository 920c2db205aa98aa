// What operators ask for, done by candidates that know of it from the store only.
#include "cli/fleet.h"

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/contract.h"

namespace mongoelector::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class FleetCommands : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Stores, FleetCommands, testing::Values("sqlite", "mongodb"),
                         [](const auto& kind) { return std::string(kind.param); });

json election(const Finished& tool) {
  return document_of(tool.out, "mongoelector.control/1").at("elections").at(0);
}

TEST_P(FleetCommands, stepdown_hands_over_and_the_history_tells_who_asked_and_why) {
  const Fleet fleet(GetParam(), {"web-1", "web-2"});
  const Finished tool =
      fleet.tool({"stepdown", "billing", "--reason", "deploy", "--wait", "--json"});
  ASSERT_EQ(tool.code, 0) << tool.err;
  EXPECT_EQ(election(tool).at("leader").at("label"), "web-1");
  EXPECT_EQ(election(tool).at("next_leader").at("label"), "web-2");
  const TermRow ended = fleet.ended_term();
  EXPECT_EQ(ended.holder.label, "web-1");
  EXPECT_EQ(ended.ended_by, EndedBy::stepped_down);
  EXPECT_EQ(ended.reason, "deploy");
  EXPECT_NE(ended.by.find('@'), std::string::npos) << ended.by;
}

TEST_P(FleetCommands, switchover_goes_to_the_member_that_was_named) {
  const Fleet fleet(GetParam(), {"web-1", "web-2", "web-3"});
  const Finished tool =
      fleet.tool({"switchover", "billing", "--to", "web-3", "--yes", "--wait", "--json"});
  ASSERT_EQ(tool.code, 0) << tool.err;
  EXPECT_EQ(election(tool).at("next_leader").at("label"), "web-3");
  EXPECT_EQ(fleet.ended_term().ended_by, EndedBy::switchover);
  const Finished again = fleet.tool({"switchover", "billing", "--to", "web-3", "--wait"});
  EXPECT_EQ(again.code, 0) << "nothing to do, so nothing to agree to: " << again.err;
  EXPECT_NE(again.err.find("leads already"), std::string::npos) << again.err;
}

TEST_P(FleetCommands, an_announced_switchover_happens_at_its_time_with_nobody_watching) {
  const Fleet fleet(GetParam(), {"web-1", "web-2", "web-3"});
  const WallTime when = std::chrono::floor<std::chrono::milliseconds>(fleet.store_time()) + 1500ms;
  const Finished tool = fleet.tool({"switchover", "billing", "--to", "web-2", "--yes", "--at",
                                    internal::rfc3339(when)});
  ASSERT_EQ(tool.code, 0) << tool.err;
  EXPECT_LT(fleet.store_time(), when) << "it does not wait";
  EXPECT_EQ(fleet.leader(), "web-1");
  fleet.await_leader("web-2");
  const TermRow term = fleet.present_term();
  EXPECT_GE(term.start + std::chrono::duration_cast<WallTime::duration>(term.blur), when);
}

TEST_P(FleetCommands, an_announced_switchover_can_be_called_off) {
  const Fleet fleet(GetParam(), {"web-1", "web-2"});
  ASSERT_EQ(
      fleet.tool({"switchover", "billing", "--to", "web-2", "--yes", "--at", "+1h"}).code, 0);
  ASSERT_TRUE(fleet.control().stepdown);
  EXPECT_EQ(fleet.control().stepdown->to, "web-2");
  // Another request would replace it, which takes a word.
  const Finished stepdown = fleet.tool({"stepdown", "billing"});
  EXPECT_EQ(stepdown.code, 64);
  EXPECT_EQ(fleet.tool({"switchover", "billing", "--cancel"}).code, 0);
  EXPECT_FALSE(fleet.control().stepdown);
  const Finished again = fleet.tool({"switchover", "billing", "--cancel"});
  EXPECT_EQ(again.code, 0);
  EXPECT_NE(again.err.find("nothing was asked"), std::string::npos) << again.err;
}

TEST_P(FleetCommands, a_leader_that_is_silent_is_followed_when_its_lease_ends) {
  const Fleet fleet(GetParam(), {"web-1", "web-2"});
  fleet.processes.at("web-1")->signal(SIGSTOP);
  const Finished tool = fleet.tool({"stepdown", "billing", "--wait", "--json"});
  fleet.processes.at("web-1")->signal(SIGCONT);
  ASSERT_EQ(tool.code, 0) << tool.err;
  EXPECT_EQ(election(tool).at("next_leader").at("label"), "web-2");
}

TEST_P(FleetCommands, nobody_is_elected_during_a_pause) {
  Fleet fleet(GetParam(), {"web-1", "web-2"});
  ASSERT_EQ(fleet.tool({"pause", "billing", "--for", "10m", "--reason", "migration"}).code, 0);
  ASSERT_TRUE(fleet.control().pause);
  EXPECT_EQ(fleet.control().pause->reason, "migration");
  fleet.await_read("web-2");
  fleet.stop("web-1");
  EXPECT_EQ(fleet.leader(), "");
  const WallTime resumed = fleet.store_time();
  ASSERT_EQ(fleet.tool({"resume", "billing"}).code, 0);
  fleet.await_leader("web-2");
  const TermRow term = fleet.present_term();
  EXPECT_GE(term.start + std::chrono::duration_cast<WallTime::duration>(term.blur), resumed);
}

TEST_P(FleetCommands, a_cordoned_member_is_not_elected_until_it_is_uncordoned) {
  Fleet fleet(GetParam(), {"web-1", "web-2"});
  // No election named: in the one that knows it.
  ASSERT_EQ(fleet.tool({"cordon", "web-2"}).code, 0);
  EXPECT_EQ(fleet.control().cordoned, std::vector<std::string>{"web-2"});
  EXPECT_EQ(fleet.tool({"stepdown", "billing"}).code, 64) << "nobody could take over";
  fleet.await_read("web-2");
  fleet.stop("web-1");
  EXPECT_EQ(fleet.leader(), "");
  const WallTime lifted = fleet.store_time();
  ASSERT_EQ(fleet.tool({"uncordon", "web-2", "billing"}).code, 0);
  fleet.await_leader("web-2");
  const TermRow term = fleet.present_term();
  EXPECT_GE(term.start + std::chrono::duration_cast<WallTime::duration>(term.blur), lifted);
}

TEST(FleetOfThree, does_not_wait_for_ever_for_a_successor_that_is_dead) {
  const Fleet fleet("sqlite", {"web-1", "web-2", "web-3"});
  fleet.processes.at("web-3")->signal(SIGKILL);
  const Finished tool =
      fleet.tool({"switchover", "billing", "--to", "web-3", "--yes", "--wait"});
  EXPECT_EQ(tool.code, 75);
  EXPECT_NE(tool.err.find("leads election \"billing\", not web-3"), std::string::npos)
      << tool.err;
  EXPECT_EQ(fleet.leader(), "web-2");
}

}  // namespace
}  // namespace mongoelector::test
