// status, list and leader on real stores: what they answer, and how they say no.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

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

void expect_keys(const json& object, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) EXPECT_TRUE(object.contains(key)) << key << " in " << object;
  EXPECT_EQ(object.size(), keys.size()) << object;
}

void expect_head(const json& document, const std::string& schema, const std::string& kind) {
  EXPECT_EQ(document.at("schema"), schema);
  EXPECT_TRUE(std::regex_match(document.at("generated_at").get<std::string>(),
                               std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")));
  expect_keys(document.at("store"), {"kind", "uri", "topology", "shared"});
  EXPECT_EQ(document.at("store").at("kind"), kind);
}

const std::vector<std::string> kElectionKeys{
    "name",       "health",     "reasons",           "leader",
    "term",       "token",      "elected_at",        "leading_for_seconds",
    "lease_ttl_seconds",        "lease_remaining_seconds",
    "renewed_at", "takeover_bound_seconds",          "transitions_total",
    "transitions_24h",          "paused",            "scheduled",
    "members"};
const std::vector<std::string> kLockKeys{
    "name",       "state", "holder", "token", "acquired_at", "held_for_seconds",
    "lease_ttl_seconds",   "lease_remaining_seconds",        "renewed_at",
    "note"};

TEST_P(Look, status_of_a_held_lock_says_who_and_exits_0) {
  const auto locker = at.hold("nightly", {.label = "batch-1", .note = "report"});
  const Finished text = at.tool({"status", "nightly"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_TRUE(std::regex_search(text.out, std::regex("^lock +nightly +HELD\n")));
  EXPECT_NE(text.out.find("batch-1 (pid " + std::to_string(getpid())), std::string::npos);
  EXPECT_NE(text.out.find("token " + to_string(locker->token())), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("report"), std::string::npos);

  const json document = json::parse(at.tool({"status", "lock/nightly", "--json"}).out);
  expect_head(document, "mongoelector.lock/1", GetParam());
  const json& lock = document.at("lock");
  expect_keys(lock, kLockKeys);
  EXPECT_EQ(lock.at("state"), "held");
  EXPECT_EQ(lock.at("token"), to_string(locker->token()));
  EXPECT_EQ(lock.at("lease_ttl_seconds"), 600.0);
  EXPECT_GT(lock.at("lease_remaining_seconds"), 500.0);
  expect_keys(lock.at("holder"), {"label", "host", "pid", "id", "version"});
  EXPECT_EQ(lock.at("holder").at("label"), "batch-1");
  EXPECT_EQ(lock.at("holder").at("pid"), getpid());
}

TEST_P(Look, status_of_a_free_lock_exits_3_with_every_key) {
  const Finished text = at.tool({"status", "lock/nightly"});
  EXPECT_EQ(text.code, 3) << text.err;
  EXPECT_TRUE(std::regex_match(text.out, std::regex("lock +nightly +FREE\n"))) << text.out;
  const Finished asked = at.tool({"status", "lock/nightly", "--json"});
  EXPECT_EQ(asked.code, 3);
  const json document = json::parse(asked.out);
  expect_keys(document.at("lock"), kLockKeys);
  EXPECT_TRUE(document.at("lock").at("holder").is_null());
}

TEST_P(Look, status_of_an_election_names_leader_and_standbys) {
  const auto leader = at.lead("billing", {.app_version = "2.1", .label = "web-1"});
  MongoElector standby(at.session(), "billing", {.label = "web-2"});
  standby.report_status();
  const Finished text = at.tool({"status", "billing"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_TRUE(std::regex_search(text.out, std::regex("^election +billing +HEALTHY\n")));
  EXPECT_TRUE(std::regex_search(text.out, std::regex("\nleader +web-1 ")));
  EXPECT_TRUE(std::regex_search(text.out, std::regex("\nstandbys +1 \\(web-2\\)\n"))) << text.out;

  const json document = json::parse(at.tool({"status", "billing", "--json"}).out);
  expect_head(document, "mongoelector.election/1", GetParam());
  const json& election = document.at("election");
  expect_keys(election, kElectionKeys);
  EXPECT_EQ(election.at("health"), "healthy");
  EXPECT_EQ(election.at("leader").at("version"), "2.1");
  EXPECT_EQ(election.at("token"), to_string(leader->term()->token()));
  ASSERT_EQ(election.at("members").size(), 2u);
  for (const json& member : election.at("members")) {
    expect_keys(member, {"label", "host", "pid", "id", "version", "role", "state",
                         "seen_seconds_ago", "clock_offset_seconds", "clock_offset_error_seconds",
                         "priority", "cordoned", "note"});
    EXPECT_EQ(member.at("role"), member.at("label") == "web-1" ? "leader" : "standby");
  }
}

TEST_P(Look, status_of_an_election_without_leader_exits_3_with_every_key) {
  const Finished asked = at.tool({"status", "election/billing", "--json"});
  EXPECT_EQ(asked.code, 3) << asked.err;
  const json document = json::parse(asked.out);
  expect_keys(document.at("election"), kElectionKeys);
  EXPECT_EQ(document.at("election").at("health"), "no_leader");
  EXPECT_TRUE(document.at("election").at("leader").is_null());
  EXPECT_EQ(document.at("election").at("members"), json::array());
}

TEST_P(Look, status_of_a_name_nobody_knows_exits_3) {
  const Finished text = at.tool({"status", "nowhere"});
  EXPECT_EQ(text.code, 3);
  EXPECT_NE(text.out.find("\"nowhere\""), std::string::npos);
  EXPECT_EQ(json::parse(at.tool({"status", "nowhere", "--json"}).out).at("name"), "nowhere");
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
  const auto billing = at.lead("billing", {.label = "web-1"});
  const Finished table = at.tool({"list"});
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_TRUE(std::regex_search(
      table.out, std::regex("^KIND +NAME +HOLDER +LEFT +TTL +HELD +STATE\nelection +billing +web-1 "
                            ".* ok\nlock +backup .*\nlock +nightly +batch-1 .* ok\n$")))
      << table.out;
  EXPECT_EQ(at.tool({"ls", "-o", "name"}).out, "election/billing\nlock/backup\nlock/nightly\n");
  EXPECT_EQ(at.tool({"list", "--kind", "lock", "-o", "name"}).out, "lock/backup\nlock/nightly\n");
  EXPECT_EQ(at.tool({"list", "--filter", "b*", "-o", "name"}).out,
            "election/billing\nlock/backup\n");
  const Finished wide = at.tool({"list", "-o", "wide"});
  EXPECT_NE(wide.out.find(to_string(nightly->token())), std::string::npos) << wide.out;

  const json document = json::parse(at.tool({"list", "--json"}).out);
  expect_head(document, "mongoelector.list/1", GetParam());
  ASSERT_EQ(document.at("items").size(), 3u);
  for (const json& item : document.at("items")) {
    expect_keys(item, {"kind", "name", "state", "holder", "token", "acquired_at",
                       "held_for_seconds", "lease_ttl_seconds", "lease_remaining_seconds",
                       "renewed_at", "note", "term"});
  }
}

TEST_P(Look, list_of_nothing_is_a_success) {
  const Finished table = at.tool({"list"});
  EXPECT_EQ(table.code, 0);
  EXPECT_EQ(table.out, "");
  EXPECT_EQ(json::parse(at.tool({"list", "--json"}).out).at("items"), json::array());
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
  const json document = json::parse(at.tool({"leader", "billing", "--json"}).out);
  EXPECT_EQ(document.at("election").at("leader").at("label"), "web-1");
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
