// Requests of operators: what is refused, what is asked first, and what others do meanwhile.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/ids.h"
#include "cli/contract.h"
#include "cli/stores.h"

namespace mongoelector::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

using Words = std::vector<std::string>;

class Act : public testing::TestWithParam<const char*> {
 protected:
  // A member that does nothing but have a status row.
  std::string join(const std::string& label, Duration ttl = 600s) const {
    NodeStatus row{.uuid = internal::new_uuid(), .key = key, .host = label + ".example"};
    row.label = label;
    row.ttl = ttl;
    row.elector_running = true;
    EXPECT_EQ(at.store().report(row).outcome, Outcome::granted);
    return row.uuid;
  }
  // A leader that does nothing either.
  std::string lead(const std::string& label) const {
    const std::string uuid = join(label);
    const ClaimRequest claim{.key = key,
                             .holder = {uuid, label + ".example", 4711, label},
                             .lease_id = internal::new_lease_id(),
                             .ttl = 600s};
    EXPECT_EQ(at.store().claim(claim).outcome, Outcome::granted);
    return uuid;
  }
  ControlRow control() const { return at.store().read_control(key).row.value_or(ControlRow{key}); }
  void change(const ControlChange& edit) const {
    ASSERT_EQ(change_control(at.store(), key, edit).outcome, Outcome::granted);
  }
  void expect_refusal(const Words& words, int code, const std::string& says) const {
    const Finished tool = at.tool(words);
    EXPECT_EQ(tool.code, code) << tool.err;
    EXPECT_EQ(tool.out, "");
    EXPECT_NE(tool.err.find(says), std::string::npos) << tool.err;
    EXPECT_FALSE(control().stepdown) << tool.err;
  }

  const Key key = Key::election("billing");
  const StoreUnderTest at{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Stores, Act, testing::Values("sqlite", "mongodb"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST_P(Act, an_election_that_nobody_leads_exits_3) {
  join("web-1");
  for (const Words& words : {Words{"stepdown", "billing"},
                             {"switchover", "billing", "--to", "web-1", "-y"}}) {
    expect_refusal(words, 3, "nobody leads election \"billing\"");
  }
}

TEST_P(Act, a_switchover_that_cannot_be_says_why_of_each_member) {
  const std::string leader = lead("web-1");
  join("web-2");
  join("web-3", 1ms);
  join("web-4");
  change([](ControlRow& row, WallTime) { row.cordoned = {"web-2"}; });
  const auto to = [](const std::string& member) {
    return Words{"switchover", "billing", "--to", member, "--yes"};
  };
  expect_refusal(to("web-9"), 75, "nobody is called \"web-9\"");
  expect_refusal(to("web-2"), 75, ": cordoned; ");
  expect_refusal(to("web-3"), 75, ": not heard of for ");
  const Finished tool = at.tool(to("web-9"));
  for (const char* says : {"web-1 (pid 0, id ", "): leads", "): cordoned", "): not heard of for",
                           "): could take over"}) {
    EXPECT_NE(tool.err.find(says), std::string::npos) << says << " in " << tool.err;
  }
  change([](ControlRow& row, WallTime now) { row.pause = Pause{.until = now + 1h}; });
  expect_refusal(to("web-4"), 75, "paused");
}

TEST_P(Act, a_member_may_be_named_by_label_host_or_id_but_not_by_a_name_of_two) {
  lead("web-1");
  const std::string second = join("web-2");
  join("web-3");
  join("web-3");
  expect_refusal({"switchover", "billing", "--to", "web-3", "-y"}, 64, "more than one member");
  for (const std::string& name : {std::string("web-2"), std::string("web-2.example"), second,
                                  second.substr(0, 4)}) {
    const Finished tool =
        at.tool({"switchover", "billing", "--to", name, "-y", "--reason", "because"});
    ASSERT_EQ(tool.code, 0) << name << ": " << tool.err;
    const StepDown asked = control().stepdown.value();
    EXPECT_TRUE(means(asked.to, {.uuid = second, .host = "web-2.example", .label = "web-2"}));
    EXPECT_EQ(asked.reason, "because");
  }
}

TEST_P(Act, a_switchover_is_not_announced_for_a_time_that_is_over) {
  lead("web-1");
  join("web-2");
  expect_refusal(
      {"switchover", "billing", "--to", "web-2", "-y", "--at", "2020-01-01T00:00:00Z"}, 64,
      "is over");
}

TEST_P(Act, a_dry_run_says_what_would_be_and_does_nothing) {
  lead("web-1");
  join("web-2");
  for (const Words& words : {Words{"stepdown", "billing"},
                             {"switchover", "billing", "--to", "web-2"},
                             {"pause", "billing", "--indefinitely"},
                             {"cordon", "web-2", "billing"}}) {
    Words dry = words;
    dry.push_back("--dry-run");
    const Finished tool = at.tool(dry);
    EXPECT_EQ(tool.code, 0) << tool.err;
    EXPECT_EQ(tool.out, "");
    EXPECT_NE(tool.err.find("would "), std::string::npos) << tool.err;
    dry.push_back("--json");
    const json document = document_of(at.tool(dry).out, "mongoelector.control/1");
      EXPECT_EQ(document.at("dry_run"), true);
    EXPECT_EQ(document.at("elections").at(0).at("changed"), false);
  }
  EXPECT_FALSE(at.store().read_control(key).row);
}

TEST_P(Act, what_is_risky_is_not_done_unasked) {
  lead("web-1");
  const std::vector<Words> risky{{"stepdown", "billing"},
                                 {"pause", "billing", "--indefinitely"},
                                 {"cordon", "web-1", "billing"}};
  for (const Words& words : risky) expect_refusal(words, 64, "needs a confirmation; add --yes");
  EXPECT_FALSE(at.store().read_control(key).row);
  join("web-2");
  expect_refusal({"switchover", "billing", "--to", "web-2"}, 64, "add --yes");
  expect_refusal({"switchover", "billing", "--to", "web-2", "--confirm", "mailer"}, 64,
                 "--confirm says \"mailer\", but the name is \"billing\"");
  EXPECT_EQ(at.tool({"switchover", "billing", "--to", "web-2", "--confirm", "billing"}).code, 0);
  // With somebody to take over there is nothing to ask.
  EXPECT_EQ(at.tool({"cordon", "web-1", "billing"}).code, 0);
}

TEST_P(Act, a_terminal_is_asked_once_and_only_yes_is_yes) {
  lead("web-1");
  EXPECT_EQ(at.typed("stepdown billing --no-input", "y\n").code, 64);
  const Finished no = at.typed("stepdown billing", "n\n");
  EXPECT_EQ(no.code, 64);
  EXPECT_NE(no.out.find("Nobody could take over"), std::string::npos) << no.out;
  EXPECT_NE(no.out.find("nothing was done"), std::string::npos) << no.out;
  EXPECT_EQ(at.typed("stepdown billing", "\n").code, 64);
  EXPECT_FALSE(control().stepdown);
  EXPECT_EQ(at.typed("stepdown billing", "y\n").code, 0);
  EXPECT_TRUE(control().stepdown);
}

TEST_P(Act, ctrl_c_at_a_question_does_nothing) {
  lead("web-1");
  Process tool(at.on_terminal("stepdown billing"), {.talks = true});
  tool.await_line("Nobody could take over");
  tool.write_line("\x03");
  EXPECT_EQ(tool.wait().code, 130);
  EXPECT_FALSE(control().stepdown);
}

TEST_P(Act, a_leader_that_changed_while_somebody_was_asked_is_left_alone) {
  lead("web-1");
  Process tool(at.on_terminal("stepdown billing"), {.talks = true});
  tool.await_line("Nobody could take over");
  at.store().break_lease(at.store().read(key).record.value());
  lead("web-2");
  tool.write_line("y");
  const Finished finished = tool.wait();
  EXPECT_EQ(finished.code, 75) << finished.out;
  EXPECT_NE(finished.out.find("changed hands"), std::string::npos) << finished.out;
  EXPECT_FALSE(control().stepdown);
}

TEST_P(Act, what_another_operator_asked_meanwhile_is_not_lost) {
  lead("web-1");
  Process tool(at.on_terminal("pause billing --indefinitely"), {.talks = true});
  tool.await_line("nobody leads");
  ASSERT_EQ(at.tool({"cordon", "web-7", "billing"}).code, 0);
  tool.write_line("y");
  EXPECT_EQ(tool.wait().code, 0);
  EXPECT_TRUE(control().pause->indefinite());
  EXPECT_EQ(control().cordoned, Words{"web-7"});
  // The same thing said twice: the one who has not seen the other is told.
  Process second(at.on_terminal("pause billing --indefinitely"), {.talks = true});
  second.await_line("If its leader ends");
  ASSERT_EQ(at.tool({"pause", "billing", "--for", "5m", "--reason", "mine"}).code, 0);
  second.write_line("y");
  const Finished finished = second.wait();
  EXPECT_EQ(finished.code, 75) << finished.out;
  EXPECT_EQ(control().pause->reason, "mine");
}

TEST_P(Act, operators_at_once_lose_nothing) {
  lead("web-1");
  std::vector<std::unique_ptr<Process>> tools;
  Words all;
  for (int i = 0; i < 5; ++i) {
    all.push_back("host-" + std::to_string(i));
    tools.push_back(std::make_unique<Process>(
        tool_command({"--uri", at.uri(), "cordon", all.back(), "billing"})));
  }
  for (const auto& tool : tools) EXPECT_EQ(tool->wait().code, 0);
  Words cordoned = control().cordoned;
  std::sort(cordoned.begin(), cordoned.end());
  EXPECT_EQ(cordoned, all);
}

TEST_P(Act, what_is_so_already_is_no_failure) {
  lead("web-1");
  const std::vector<std::pair<Words, std::string>> idle{
      {{"resume", "billing"}, "is not paused"},
      {{"uncordon", "web-9", "billing"}, "is not cordoned"},
      {{"switchover", "billing", "--to", "web-1"}, "leads already"}};
  for (const auto& [words, says] : idle) {
    const Finished tool = at.tool(words);
    EXPECT_EQ(tool.code, 0) << tool.err;
    EXPECT_NE(tool.err.find(says), std::string::npos) << tool.err;
  }
  EXPECT_FALSE(at.store().read_control(key).row) << "and nothing is written";
  EXPECT_EQ(at.tool({"cordon", "web-9"}).code, 3) << "no election knows it";
  EXPECT_EQ(at.tool({"cordon", "web-9", "billing"}).code, 0) << "it may come later";
}

TEST_P(Act, json_tells_what_is_asked_for_now) {
  lead("web-1");
  join("web-2");
  ASSERT_EQ(at.tool({"cordon", "web-2", "billing"}).code, 0);
  const Finished paused =
      at.tool({"pause", "billing", "--for", "10m", "--reason", "why", "--json"});
  ASSERT_EQ(paused.code, 0) << paused.err;
  json election = document_of(paused.out, "mongoelector.control/1").at("elections").at(0);
  EXPECT_EQ(election.at("name"), "billing");
  EXPECT_EQ(election.at("changed"), true);
  EXPECT_EQ(election.at("leader").at("label"), "web-1");
  EXPECT_EQ(election.at("paused").at("reason"), "why");
  EXPECT_EQ(election.at("cordoned"), json({"web-2"}));
  EXPECT_TRUE(election.at("stepdown").is_null());
  const Finished endless = at.tool({"pause", "billing", "--indefinitely", "--yes", "--json"});
  election = document_of(endless.out, "mongoelector.control/1").at("elections").at(0);
  EXPECT_TRUE(election.at("paused").at("until").is_null());
}

TEST(ActOnPython, a_leader_that_takes_no_requests_is_not_asked) {
  const StoreUnderTest at("mongodb");
  const std::string& uri = at.uri();
  const std::size_t slash = uri.find('/', std::string("mongodb://").size());
  const std::string database = uri.substr(slash + 1, uri.find('?') - slash - 1);
  const Finished before = at.tool({"list"});  // makes the collections
  ASSERT_EQ(before.code, 0);
  Mongod::shared_replica_set().run_command(
      R"({"insert": "elector.locks", "documents": [{"_id": "billing", "locked": true,
          "host": "old-1", "pid": 7, "uuid": "f00d",
          "ts_created": {"$date": {"$numberLong": "1000"}},
          "ts_expire": {"$date": {"$numberLong": "7258118400000"}}}]})",
      database);
  const Finished tool = at.tool({"stepdown", "billing", "-y"});
  EXPECT_EQ(tool.code, 75);
  EXPECT_NE(tool.err.find("a Python client"), std::string::npos) << tool.err;
}

TEST(ActFlags, that_make_no_sense_exit_64_without_a_store) {
  for (const Words& words :
       {Words{"stepdown"}, {"stepdown", "a", "--for", "0"}, {"stepdown", "a", "--reason", "\xff"},
        {"stepdown", ""}, {"switchover", "a"}, {"switchover", "a", "--to", "b", "--cancel"},
        {"switchover", "a", "--cancel", "--at", "+1m"},
        {"switchover", "a", "--to", "b", "--at", "tomorrow"},
        {"switchover", "a", "--to", "b", "--at", "+soon"},
        {"pause", "a", "--for", "1m", "--indefinitely"}, {"pause", "a", "--for", "0"}, {"resume"},
        {"cordon"}, {"cordon", ""}, {"cordon", "a", "b", "c"}, {"uncordon"}}) {
    Words all{"--uri", "mongodb://127.0.0.1:1/", "--timeout", "5s"};
    all.insert(all.end(), words.begin(), words.end());
    const Finished tool = run_tool(all);
    EXPECT_EQ(tool.code, 64) << words[0] << ": " << tool.err;
    EXPECT_EQ(std::count(tool.err.begin(), tool.err.end(), '\n'), 1) << tool.err;
  }
}

TEST(ActStore, that_cannot_be_reached_exits_69_and_a_private_one_78) {
  for (const Words& words : {Words{"stepdown", "a", "-y"}, {"pause", "a"}, {"cordon", "b", "a"},
                             {"acquire", "a", "--ttl", "5s"}, {"renew", "a", "--token", "1"},
                             {"release", "a", "--token", "1"}}) {
    Words away{"--uri", "mongodb://127.0.0.1:1/", "--timeout", "300ms"};
    away.insert(away.end(), words.begin(), words.end());
    EXPECT_EQ(run_tool(away).code, 69) << words[0];
    Words alone{"--require-shared"};
    alone.insert(alone.end(), words.begin(), words.end());
    EXPECT_EQ(run_tool(alone).code, 78) << words[0];
  }
}

}  // namespace
}  // namespace mongoelector::test
