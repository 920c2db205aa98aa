// status, list and leader on real stores: what they answer, and how they say no.
#include <gtest/gtest.h>

#include <signal.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "cli/contract.h"
#include "cli/stores.h"

namespace mongoelector::test {
namespace {

using nlohmann::json;

class Look : public testing::TestWithParam<const char*> {
 protected:
  const StoreUnderTest at{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Stores, Look, testing::Values("sqlite", "mongodb"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST_P(Look, status_of_a_held_lock_says_who_and_exits_0) {
  const auto locker = at.hold("nightly", {.label = "batch-1", .note = "report"});
  const Finished text = at.tool({"status", "nightly"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_TRUE(std::regex_search(text.out, std::regex("^lock +nightly +HELD\n")));
  EXPECT_NE(text.out.find("batch-1 (pid " + std::to_string(getpid())), std::string::npos);
  EXPECT_NE(text.out.find("token " + to_string(locker->token())), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("report"), std::string::npos);

  const json document =
      document_of(at.tool({"status", "lock/nightly", "--json"}).out, "mongoelector.lock/1");
  EXPECT_EQ(document.at("store").at("kind"), GetParam());
  const json& lock = document.at("lock");
  EXPECT_EQ(lock.at("state"), "held");
  EXPECT_EQ(lock.at("token"), to_string(locker->token()));
  EXPECT_EQ(lock.at("lease_ttl_seconds"), 600.0);
  EXPECT_GT(lock.at("lease_remaining_seconds"), 500.0);
  EXPECT_EQ(lock.at("holder").at("label"), "batch-1");
  EXPECT_EQ(lock.at("holder").at("pid"), getpid());
}

TEST_P(Look, status_of_a_free_lock_exits_3_with_every_key) {
  const Finished text = at.tool({"status", "lock/nightly"});
  EXPECT_EQ(text.code, 3) << text.err;
  EXPECT_TRUE(std::regex_match(text.out, std::regex("lock +nightly +FREE\n"))) << text.out;
  const Finished asked = at.tool({"status", "lock/nightly", "--json"});
  EXPECT_EQ(asked.code, 3);
  const json document = document_of(asked.out, "mongoelector.lock/1");
  EXPECT_TRUE(document.at("lock").at("holder").is_null());
}

TEST_P(Look, status_of_an_election_names_leader_and_standbys) {
  const auto leader = at.lead("billing", {.app_version = "2.1", .label = "web-1"});
  MongoElector standby(at.session(), "billing", {.label = "web-2"});
  standby.start();
  standby.report_status();
  ASSERT_TRUE(eventually([&] { return !at.terms("billing").empty(); }));
  const Finished text = at.tool({"status", "billing"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_TRUE(std::regex_search(text.out, std::regex("^election +billing +HEALTHY\n")));
  EXPECT_TRUE(std::regex_search(text.out, std::regex("\nleader +web-1 ")));
  EXPECT_TRUE(std::regex_search(text.out, std::regex("\nleader .* term 1, token "))) << text.out;
  EXPECT_NE(text.out.find("\nstandbys   1 eligible (web-2), 0 cordoned, 0 stale\n"),
            std::string::npos)
      << text.out;
  EXPECT_NE(text.out.find(" 18s after a "), std::string::npos) << "ttl and poll: " << text.out;
  EXPECT_NE(text.out.find("\nchanges    1 in 24h\n"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("\npaused     no\n"), std::string::npos) << text.out;

  const json document =
      document_of(at.tool({"status", "billing", "--json"}).out, "mongoelector.election/1");
  const json& election = document.at("election");
  EXPECT_EQ(election.at("health"), "healthy");
  EXPECT_EQ(election.at("leader").at("version"), "2.1");
  EXPECT_EQ(election.at("token"), to_string(leader->term()->token()));
  ASSERT_EQ(election.at("members").size(), 2u);
  EXPECT_EQ(election.at("term"), 1);
  EXPECT_EQ(election.at("takeover_bound_seconds"), 18.0);
  EXPECT_EQ(election.at("transitions_24h"), 1);
  for (const json& member : election.at("members")) {
    EXPECT_EQ(member.at("role"), member.at("label") == "web-1" ? "leader" : "standby");
  }
}

TEST_P(Look, status_of_an_election_without_leader_exits_3_with_every_key) {
  const Finished asked = at.tool({"status", "election/billing", "--json"});
  EXPECT_EQ(asked.code, 3) << asked.err;
  const json document = document_of(asked.out, "mongoelector.election/1");
  EXPECT_EQ(document.at("election").at("health"), "no_leader");
  EXPECT_TRUE(document.at("election").at("leader").is_null());
  EXPECT_EQ(document.at("election").at("members"), json::array());
}

TEST_P(Look, status_of_a_name_nobody_knows_exits_3) {
  const Finished text = at.tool({"status", "nowhere"});
  EXPECT_EQ(text.code, 3);
  EXPECT_NE(text.out.find("\"nowhere\""), std::string::npos);
  const Finished asked = at.tool({"status", "nowhere", "--json"});
  EXPECT_EQ(document_of(asked.out, "mongoelector.nothing/1").at("name"), "nowhere");
}

TEST_P(Look, a_name_that_means_two_things_is_refused) {
  const auto locker = at.hold("billing");
  const auto elector = at.lead("billing");
  const Finished tool = at.tool({"status", "billing"});
  EXPECT_EQ(tool.code, 64);
  EXPECT_NE(tool.err.find("lock/billing or election/billing"), std::string::npos) << tool.err;
  EXPECT_EQ(at.tool({"status", "lock/billing"}).code, 0);
  EXPECT_EQ(at.tool({"status", "election/billing"}).code, 0);
}

TEST_P(Look, status_of_everything_exits_0_only_if_something_is_held) {
  EXPECT_EQ(at.tool({"status"}).code, 3);
  const auto locker = at.hold("nightly");
  EXPECT_EQ(at.tool({"status"}).code, 0);
}

TEST_P(Look, list_shows_all_and_selects) {
  const auto nightly = at.hold("nightly", {.label = "batch-1"});
  const auto backup = at.hold("backup");
  const auto billing = at.lead("billing", {.app_version = "4.2", .label = "web-1"});
  ASSERT_TRUE(eventually([&] { return !at.terms("billing").empty(); }));
  const Finished table = at.tool({"list"});
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_TRUE(std::regex_search(
      table.out, std::regex("^KIND +NAME +HOLDER +TERM +LEFT +TTL +HELD +STATE\nelection +billing +"
                            "web-1 +1 .* ok, 0 standbys\nlock +backup .*\n"
                            "lock +nightly +batch-1 .* ok\n$")))
      << table.out;
  EXPECT_EQ(at.tool({"ls", "-o", "name"}).out, "election/billing\nlock/backup\nlock/nightly\n");
  EXPECT_EQ(at.tool({"list", "--kind", "lock", "-o", "name"}).out, "lock/backup\nlock/nightly\n");
  EXPECT_EQ(at.tool({"list", "--filter", "b*", "-o", "name"}).out,
            "election/billing\nlock/backup\n");
  const Finished wide = at.tool({"list", "-o", "wide"});
  EXPECT_NE(wide.out.find(to_string(nightly->token())), std::string::npos) << wide.out;
  EXPECT_NE(wide.out.find(" " + nightly->status().uuid.substr(0, 4) + " "), std::string::npos)
      << wide.out;
  EXPECT_TRUE(eventually([&] {
    return at.tool({"list", "-o", "wide"}).out.find(" 4.2 ") != std::string::npos;
  }));

  const json document = document_of(at.tool({"list", "--json"}).out, "mongoelector.list/1");
  ASSERT_EQ(document.at("items").size(), 3u);
  EXPECT_EQ(document.at("items")[0].at("term"), 1);
}

TEST_P(Look, a_lock_shows_how_many_wait_for_it) {
  const auto nightly = at.hold("nightly", {.label = "batch-1"});
  const auto shown = [&] { return at.tool({"list"}).out; };
  const auto waiting = [&](const std::vector<std::string>& command) {
    const json document = json::parse(at.tool(command).out);
    return document.contains("lock") ? document.at("lock").at("waiting")
                                     : document.at("items").at(0).at("waiting");
  };
  EXPECT_EQ(waiting({"list", "--json"}), 0);
  std::vector<std::unique_ptr<Process>> waiters;
  for (int i = 0; i < 2; ++i) {
    waiters.push_back(std::make_unique<Process>(
        tool_command({"--uri", at.uri(), "lock", "nightly", "--ttl", "5s", "--grace", "100ms", "--",
                      "true"})));
  }
  EXPECT_TRUE(eventually([&] { return shown().find(" ok, 2 waiting\n") != std::string::npos; }))
      << shown();
  EXPECT_EQ(waiting({"list", "--json"}), 2);
  EXPECT_EQ(waiting({"status", "lock/nightly", "--json"}), 2);
  EXPECT_NE(at.tool({"status", "lock/nightly"}).out.find("\nwaiting    2\n"), std::string::npos);
  waiters.back()->signal(SIGKILL);
  EXPECT_TRUE(eventually([&] { return waiting({"list", "--json"}) == 1; }))
      << "who was killed is forgotten";
  waiters.front()->signal(SIGINT);
  EXPECT_EQ(waiters.front()->wait().code, 130);
  EXPECT_EQ(waiting({"list", "--json"}), 0) << "who left says so";
}

TEST_P(Look, members_tell_their_clocks_and_priorities) {
  const auto leader = at.lead("billing", {.label = "web-1"});
  MongoElector standby(at.session(), "billing", {.priority = -2, .label = "web-2"});
  standby.start();
  const auto members = [&] {
    return json::parse(at.tool({"members", "billing", "--json"}).out).at("members");
  };
  ASSERT_TRUE(eventually([&] { return members().size() == 2; }));
  leader->report_status();
  standby.report_status();
  const bool shared = at.store().shared();
  for (const json& member : members()) {
    EXPECT_EQ(member.at("priority"), member.at("label") == "web-2" ? -2 : 0);
    EXPECT_EQ(member.at("clock_offset_seconds").is_number(), shared) << member;
    EXPECT_EQ(member.at("clock_offset_error_seconds").is_number(), shared) << member;
  }
  const std::string text = at.tool({"status", "billing"}).out;
  const std::regex clocks("\nclock +leader [+-]\\d+ ms \\+/- \\d+, worst member [+-]\\d+ ms "
                          "\\+/- \\d+, limit 500 ms\n");
  EXPECT_EQ(std::regex_search(text, clocks), shared) << text;
  EXPECT_NE(text.find(" 24s after a "), std::string::npos) << "ttl and three polls: " << text;
}

TEST_P(Look, list_sorts_and_picks_out_what_nobody_keeps_alive) {
  const auto longer = at.hold("a", {.ttl = std::chrono::seconds(900), .label = "z"});
  const auto shorter = at.hold("b", {.ttl = std::chrono::seconds(60), .label = "y"});
  const auto names = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"list", "-o", "name"});
    return at.tool(flags).out;
  };
  EXPECT_EQ(names({"--sort", "left"}), "lock/b\nlock/a\n");
  EXPECT_EQ(names({"--sort", "held"}), "lock/a\nlock/b\n");
  EXPECT_EQ(names({"--sort", "holder"}), "lock/b\nlock/a\n");
  EXPECT_EQ(names({"--stale"}), "");
  at.claim(Key::election("c"), "gone", std::chrono::seconds(1));
  ASSERT_TRUE(eventually([&] { return names({"--stale"}) == "election/c\n"; }));
  ASSERT_TRUE(eventually([&] {
    return std::regex_search(at.tool({"list"}).out,
                             std::regex("\nelection +c +- .*NO LEADER for "));
  }));
}

TEST_P(Look, list_of_nothing_is_a_success) {
  const Finished table = at.tool({"list"});
  EXPECT_EQ(table.code, 0);
  EXPECT_EQ(table.out, "");
  const Finished asked = at.tool({"list", "--json"});
  EXPECT_EQ(document_of(asked.out, "mongoelector.list/1").at("items"), json::array());
}

TEST_P(Look, leader_prints_the_label_alone_or_exits_3_silently) {
  const Finished nobody = at.tool({"leader", "billing"});
  EXPECT_EQ(nobody.code, 3);
  EXPECT_EQ(nobody.out + nobody.err, "");
  const auto elector = at.lead("billing", {.label = "web-1"});
  const Finished leader = at.tool({"leader", "billing"});
  EXPECT_EQ(leader.code, 0) << leader.err;
  EXPECT_EQ(leader.out, "web-1\n");
  EXPECT_EQ(leader.err, "");
  const json document =
      document_of(at.tool({"leader", "billing", "--json"}).out, "mongoelector.election/1");
  EXPECT_EQ(document.at("election").at("leader").at("label"), "web-1");
}

TEST_P(Look, status_answers_what_it_is_asked_to_check) {
  const auto leader = at.lead("billing", {.label = "web-1"});
  EXPECT_EQ(at.tool({"status", "billing", "--check", "leader"}).code, 0);
  EXPECT_EQ(at.tool({"status", "billing", "--check", "me"}).code, 0);
  EXPECT_EQ(at.tool({"status", "billing", "--check", "me"},
                    {.environment = {{"MONGOELECTOR_HELD_FOR", "somebody-else"}}})
                .code,
            3);
  const Finished alone = at.tool({"status", "billing", "--check", "healthy", "--json"});
  EXPECT_EQ(alone.code, 3);
  const json election = document_of(alone.out, "mongoelector.election/1").at("election");
  EXPECT_EQ(election.at("health"), "degraded");
  EXPECT_EQ(election.at("reasons"), json::array({"no_standby"}));
  EXPECT_TRUE(election.at("takeover_bound_seconds").is_null());
  MongoElector standby(at.session(), "billing", {.label = "web-2"});
  standby.start();
  standby.report_status();
  EXPECT_EQ(at.tool({"status", "billing", "--check", "healthy"}).code, 0);
  EXPECT_EQ(at.tool({"status", "--check", "me"}).code, 64);
  EXPECT_EQ(at.tool({"status", "billing", "--check", "luck"}).code, 64);
}

TEST_P(Look, what_operators_asked_for_is_shown) {
  const auto leader = at.lead("billing", {.label = "web-1"});
  MongoElector standby(at.session(), "billing", {.label = "web-2"});
  standby.start();
  standby.report_status();
  at.control("billing", [](ControlRow& row, WallTime now) {
    row.pause = Pause{.until = now + std::chrono::hours(1), .reason = "deploy", .by = "ana@ops"};
    row.cordoned = {"web-2"};
  });
  const Finished text = at.tool({"status", "billing"});
  EXPECT_NE(text.out.find("0 eligible, 1 cordoned, 0 stale"), std::string::npos) << text.out;
  EXPECT_TRUE(std::regex_search(text.out,
                                std::regex("\npaused +until .*Z \\(deploy, by ana@ops\\)")))
      << text.out;
  EXPECT_NE(at.tool({"list"}).out.find(", paused"), std::string::npos);
  const json election =
      document_of(at.tool({"status", "billing", "--json"}).out, "mongoelector.election/1")
          .at("election");
  EXPECT_EQ(election.at("paused").at("reason"), "deploy");
  const Finished members = at.tool({"members", "billing"});
  EXPECT_EQ(members.code, 0) << members.err;
  EXPECT_TRUE(std::regex_search(
      members.out, std::regex("^MEMBER +ROLE +STATE +SEEN +PRIORITY +CLOCK +VERSION\n"
                              "(.*\n)*web-2 +standby +ok, "
                              "cordoned +")))
      << members.out;
  const json document =
      document_of(at.tool({"members", "billing", "--json"}).out, "mongoelector.members/1");
  ASSERT_EQ(document.at("members").size(), 2u);
  for (const json& member : document.at("members"))
    EXPECT_EQ(member.at("cordoned"), member.at("label") == "web-2");
}

TEST_P(Look, members_of_nothing_are_none) {
  const Finished table = at.tool({"members", "billing"});
  EXPECT_EQ(table.code, 0);
  EXPECT_EQ(table.out, "");
  const Finished asked = at.tool({"members", "billing", "--json"});
  EXPECT_EQ(document_of(asked.out, "mongoelector.members/1").at("members"), json::array());
}

TEST_P(Look, status_again_and_again_follows_what_happens) {
  auto locker = at.hold("nightly");
  Process watching(tool_command({"status", "--watch", "nightly", "--uri", at.uri()}));
  watching.await_line("HELD");
  watching.await_line("HELD");
  locker->release();
  watching.await_line("is held");  // a bare name that nobody holds
  watching.signal(SIGINT);
  const Finished tool = watching.wait();
  EXPECT_EQ(tool.code, 130);
  EXPECT_EQ(tool.out.find('\x1b'), std::string::npos) << "no screen, no drawing";
}

TEST_P(Look, names_cannot_fool_a_terminal) {
  const std::string key = "a\x1b[31m\nb\xe2\x80\xae";
  const auto locker = at.hold(key, {.label = "x\x1b]0;y\x07"});
  for (const auto& words :
       {std::vector<std::string>{"list"}, {"list", "-o", "name"}, {"list", "-o", "wide"},
        {"list", "--json"}, {"status", "lock/" + key}, {"status", "lock/" + key, "--json"}}) {
    const Finished tool = at.tool(words);
    EXPECT_EQ(tool.code, 0) << tool.err;
    EXPECT_EQ(tool.out.find('\x1b'), std::string::npos) << tool.out;
    EXPECT_EQ(tool.out.find("\xe2\x80\xae"), std::string::npos) << tool.out;
  }
  EXPECT_EQ(at.tool({"ls", "-o", "name"}).out, R"(lock/"a\x1b[31m\x0ab\u202e")" "\n");
}

TEST_P(Look, keys_that_look_like_operators_are_only_names) {
  for (const char* key : {"$$NOW", "a.b", "$host", "lock/x", "-dash"}) {
    const auto locker = at.hold(key);
    EXPECT_EQ(at.tool({"status", std::string("lock/") + key}).code, 0) << key;
  }
}

}  // namespace
}  // namespace mongoelector::test
