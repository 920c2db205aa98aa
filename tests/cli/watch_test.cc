// watch and wait on real stores: what they say, and how they end.
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "cli/contract.h"
#include "cli/stores.h"

namespace mongoelector::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;

class Watching : public testing::TestWithParam<const char*> {
 protected:
  std::vector<std::string> command(std::vector<std::string> words) const {
    words.insert(words.begin(), {"--uri", at.uri()});
    return tool_command(words);
  }
  static json next_event(Process& watch) {
    return document_of(watch.read_line(), "mongoelector.event/1");
  }

  const StoreUnderTest at{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Stores, Watching, testing::Values("sqlite", "mongodb"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST_P(Watching, tells_how_it_stands_and_then_each_change) {
  Process watch(command({"watch", "election/billing", "--json"}));
  json event = next_event(watch);
  EXPECT_EQ(event.at("event"), "state");
  EXPECT_TRUE(event.at("leader").is_null());

  auto first = at.lead("billing", {.label = "web-1"});
  event = next_event(watch);
  EXPECT_EQ(event.at("event"), "elected");
  EXPECT_EQ(event.at("leader"), "web-1");
  EXPECT_EQ(event.at("term"), 1);

  const auto second = std::make_unique<MongoElector>(at.session(), "billing",
                                                     ElectorOptions{.label = "web-2"});
  second->start();
  at.control("billing", [&](ControlRow& row, WallTime now) {
    row.stepdown = StepDown{.uuid = first->node_status().uuid,
                            .at = now,
                            .until = now + seconds(20),
                            .reason = "deploy",
                            .by = "ana@ops"};
  });
  event = next_event(watch);
  EXPECT_EQ(event.at("event"), "ended");
  EXPECT_EQ(event.at("leader"), "web-1");
  EXPECT_EQ(event.at("ended_by"), "stepped_down");
  EXPECT_EQ(event.at("reason"), "deploy");
  EXPECT_EQ(event.at("by"), "ana@ops");
  event = next_event(watch);
  EXPECT_EQ(event.at("event"), "elected");
  EXPECT_EQ(event.at("leader"), "web-2");
  EXPECT_EQ(event.at("term"), 2);
  EXPECT_GE(event.at("gap_seconds"), 0.0);

  at.control("billing", [](ControlRow& row, WallTime now) {
    row.pause = Pause{.until = now + seconds(3600), .reason = "deploy"};
  });
  event = next_event(watch);
  EXPECT_EQ(event.at("event"), "paused");
  EXPECT_EQ(event.at("pause").at("reason"), "deploy");

  watch.signal(SIGINT);
  const Finished over = watch.wait();
  EXPECT_EQ(over.code, 130);
  EXPECT_EQ(over.err, "") << "Ctrl-C is no error";
}

TEST_P(Watching, of_everything_sees_what_comes_and_goes) {
  const auto there = at.hold("a", {.label = "batch-1"});
  Process watch(command({"watch"}));
  EXPECT_NE(watch.read_line().find("lock/a  held by batch-1"), std::string::npos);
  auto later = at.hold("b", {.label = "batch-2"});
  EXPECT_NE(watch.read_line().find("lock/b  acquired by batch-2"), std::string::npos);
  later->release();
  EXPECT_NE(watch.read_line().find("lock/b  ended batch-2"), std::string::npos);
}

TEST_P(Watching, ends_when_it_is_as_asked) {
  EXPECT_EQ(run_process(command({"watch", "election/a", "--until", "no-leader"})).code, 0);
  Process leader(command({"watch", "election/a", "--until", "leader"}));
  Process change(command({"watch", "lock/b", "--until", "change"}));
  leader.await_line("no leader");
  change.await_line("free");
  const auto elector = at.lead("a");
  EXPECT_EQ(leader.wait().code, 0);
  const auto locker = at.hold("b");
  EXPECT_EQ(change.wait().code, 0);
}

TEST_P(Watching, wait_returns_when_it_is_so_and_75_when_the_time_is_over) {
  const auto wait = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "wait");
    return run_process(command(words));
  };
  EXPECT_EQ(wait({"nightly", "--for", "free"}).code, 0);
  EXPECT_EQ(wait({"billing", "--for", "no-leader"}).code, 0);
  auto locker = at.hold("nightly", {.label = "batch-1"});
  const Finished late = wait({"nightly", "--for", "free", "--timeout", "300ms", "--json"});
  EXPECT_EQ(late.code, 75);
  const json error = error_of(late);
  EXPECT_EQ(error.at("code"), "busy");
  EXPECT_EQ(error.at("holder").at("label"), "batch-1");
  EXPECT_EQ(wait({"nightly", "--for", "me"}).code, 0);
  EXPECT_EQ(wait({"billing", "--for", "leader", "--timeout", "300ms"}).code, 75);

  Process free(command({"wait", "nightly", "--for", "free", "--json", "--timeout", "30s"}));
  Process leader(command({"wait", "billing", "--for", "leader"}));
  EXPECT_TRUE(free.running());
  locker->release();
  const Finished freed = free.wait();
  EXPECT_EQ(freed.code, 0) << freed.err;
  EXPECT_TRUE(document_of(freed.out, "mongoelector.wait/1").at("holder").is_null());
  const auto elector = at.lead("billing");
  const Finished led = leader.wait();
  EXPECT_EQ(led.code, 0) << led.err;
  EXPECT_EQ(led.out + led.err, "") << "the code is the answer";
}

TEST_P(Watching, ctrl_c_ends_the_waiting) {
  const auto locker = at.hold("nightly");
  Process wait(command({"wait", "nightly", "--for", "free", "-v"}));
  wait.await_error_line("store:");
  wait.signal(SIGINT);
  EXPECT_EQ(wait.wait().code, 130);
}

TEST(WatchFlags, mistakes_exit_64) {
  for (const auto& words : {std::vector<std::string>{"wait", "a"},
                            {"wait", "--for", "free"},
                            {"wait", "a", "--for", "luck"},
                            {"watch", "--until", "luck"},
                            {"history", "lock/a/../b", "-n", "x"}}) {
    EXPECT_EQ(run_tool(words).code, 64) << words.back();
  }
}

// A store that goes away is told once, and does not end the watch.
TEST(WatchOutage, is_told_and_outlived) {
  const auto server = Mongod::standalone();
  const std::string uri = "mongodb://127.0.0.1:" + std::to_string(server->port()) + "/" +
                          fresh_database();
  Process watch(tool_command({"watch", "lock/a", "--uri", uri}));
  watch.await_line("free");
  server->suspend();
  watch.await_error_line("mongoelector: ");
  server->resume();
  watch.await_error_line("the store is back");
  EXPECT_TRUE(watch.running());
}

TEST(WatchOutage, at_the_start_exits_69) {
  for (const auto& words : {std::vector<std::string>{"watch"},
                            {"wait", "a", "--for", "free"},
                            {"members", "a"},
                            {"history", "a"},
                            {"status", "a", "-w"}}) {
    const Finished tool =
        run_tool(words, {.environment = {{"MONGODB_URI",
                                          "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200"}}});
    EXPECT_EQ(tool.code, 69) << words[0] << ": " << tool.err;
    EXPECT_EQ(tool.out, "");
  }
}

}  // namespace
}  // namespace mongoelector::test
