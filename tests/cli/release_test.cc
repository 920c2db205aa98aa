// release: what it gives up, and what it refuses to.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/ids.h"
#include "cli/contract.h"
#include "cli/stores.h"

namespace mongoelector::test {
namespace {

using nlohmann::json;

class Release : public testing::TestWithParam<const char*> {
 protected:
  bool held(const std::string& name) const {
    return at.tool({"status", "lock/" + name}).code == 0;
  }

  const StoreUnderTest at{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Stores, Release, testing::Values("sqlite", "mongodb"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST_P(Release, by_its_token_frees_the_lock_at_once) {
  const auto locker = at.hold("nightly");
  const Finished tool = at.tool({"release", "nightly", "--token", to_string(locker->token())});
  EXPECT_EQ(tool.code, 0) << tool.err;
  EXPECT_EQ(tool.out, "");
  EXPECT_NE(tool.err.find("released lock \"nightly\""), std::string::npos) << tool.err;
  EXPECT_FALSE(held("nightly"));
}

TEST_P(Release, of_what_nobody_holds_exits_3) {
  for (const auto& how : {std::vector<std::string>{"--token", "5"}, {"--force"}}) {
    std::vector<std::string> words{"release", "nightly"};
    words.insert(words.end(), how.begin(), how.end());
    const Finished tool = at.tool(words);
    EXPECT_EQ(tool.code, 3);
    EXPECT_EQ(tool.err, "mongoelector: nobody holds \"nightly\"\n");
  }
}

TEST_P(Release, under_another_token_exits_75_and_does_nothing) {
  const auto locker = at.hold("nightly", {.label = "batch-1"});
  const Finished tool = at.tool({"release", "nightly", "--token", "5", "--json"});
  EXPECT_EQ(tool.code, 75);
  EXPECT_EQ(tool.out, "");
  const json error = error_of(tool);
  EXPECT_EQ(error.at("code"), "busy");
  EXPECT_EQ(error.at("holder").at("label"), "batch-1");
  EXPECT_TRUE(held("nightly"));
}

TEST_P(Release, by_force_refuses_a_holder_that_seems_alive) {
  const auto locker = at.hold("nightly");
  const Finished tool = at.tool({"release", "nightly", "--force", "--confirm", "nightly"});
  EXPECT_EQ(tool.code, 75);
  EXPECT_NE(tool.err.find("seems alive"), std::string::npos) << tool.err;
  EXPECT_TRUE(held("nightly"));
}

TEST_P(Release, by_force_needs_the_name_said_again) {
  const auto locker = at.hold("nightly");
  const Finished unsaid = at.tool({"release", "nightly", "--force", "--even-if-live"});
  EXPECT_EQ(unsaid.code, 64);
  EXPECT_NE(unsaid.err.find("--confirm nightly"), std::string::npos) << unsaid.err;
  const Finished wrong =
      at.tool({"release", "nightly", "--force", "--even-if-live", "--confirm", "nightly2"});
  EXPECT_EQ(wrong.code, 64);
  EXPECT_TRUE(held("nightly"));
}

TEST_P(Release, by_force_breaks_the_lease_that_was_meant) {
  const auto locker = at.hold("nightly");
  std::vector<std::string> words{"release", "nightly",   "--force",   "--even-if-live",
                                 "--confirm", "nightly", "--if-token"};
  words.push_back("5");
  EXPECT_EQ(at.tool(words).code, 75);
  EXPECT_TRUE(held("nightly"));
  words.back() = to_string(locker->token());
  words.push_back("--json");
  const Finished tool = at.tool(words);
  EXPECT_EQ(tool.code, 0) << tool.err;
  const json document = document_of(tool.out, "mongoelector.release/1");
  EXPECT_EQ(document.at("released"), true);
  EXPECT_FALSE(held("nightly"));
  EXPECT_FALSE(locker->touch());
}

TEST(ReleaseByToken, of_a_mongodb_lease_before_its_first_renewal_says_why_it_cannot) {
  const StoreUnderTest at("mongodb");
  MongoLocker locker(at.session(), "nightly");
  const Token token = locker.acquire();
  const Finished tool = at.tool({"release", "nightly", "--token", to_string(token)});
  EXPECT_EQ(tool.code, 75);
  EXPECT_NE(tool.err.find("first renewal"), std::string::npos) << tool.err;
}

TEST_P(Release, of_an_election_frees_it) {
  const auto elector = at.lead("billing", {.ttl = std::chrono::seconds(600)});
  const std::string token = to_string(elector->term()->token());
  EXPECT_EQ(at.tool({"release", "election/billing", "--token", token}).code, 0);
}

TEST_P(Release, dry_run_does_nothing) {
  const auto locker = at.hold("nightly");
  const std::string token = to_string(locker->token());
  const Finished tool = at.tool({"release", "nightly", "--token", token, "--dry-run"});
  EXPECT_EQ(tool.code, 0) << tool.err;
  EXPECT_NE(tool.err.find("would release lock \"nightly\""), std::string::npos) << tool.err;
  EXPECT_TRUE(held("nightly"));
}

TEST(ReleaseByForce, asks_on_a_terminal_for_the_name) {
  const StoreUnderTest at("sqlite");
  const auto locker = at.hold("nightly", {.label = "batch-1"});
  const std::string arguments = "release nightly --force --even-if-live";
  EXPECT_EQ(at.typed(arguments + " --no-input", "nightly\n").code, 64);
  EXPECT_EQ(at.typed(arguments, "yes\n").code, 64);
  EXPECT_EQ(at.tool({"status", "nightly"}).code, 0);
  const Finished asked = at.typed(arguments, "nightly\n");
  EXPECT_EQ(asked.code, 0) << asked.out;
  EXPECT_NE(asked.out.find("held by batch-1"), std::string::npos) << asked.out;
  EXPECT_NE(asked.out.find("may still be running"), std::string::npos) << asked.out;
  EXPECT_EQ(at.tool({"status", "nightly"}).code, 3);
}

// A lease of somebody who has not renewed it for longer than a living holder would.
TEST(ReleaseByForce, of_a_silent_holder_needs_no_more_than_the_name) {
  const StoreUnderTest at("sqlite");
  const Key key = Key::lock("nightly");
  const ClaimReply claimed = at.store().claim({.key = key,
                                               .holder = {internal::new_uuid(), "elsewhere", 99},
                                               .lease_id = internal::new_lease_id(),
                                               .ttl = std::chrono::seconds(5)});
  ASSERT_EQ(claimed.outcome, Outcome::granted);
  const std::vector<std::string> words{"release", "nightly", "--force", "--confirm", "nightly"};
  EXPECT_EQ(at.tool(words).code, 75);
  ASSERT_TRUE(eventually(
      [&] { return at.store().read(key).record->remaining < std::chrono::seconds(2); }));
  EXPECT_EQ(at.tool(words).code, 0);
}

TEST_P(Release, by_force_of_an_election_tells_the_history_who_and_why) {
  const Key key = Key::election("billing");
  const ClaimReply claimed = at.store().claim({.key = key,
                                               .holder = {internal::new_uuid(), "elsewhere", 99},
                                               .lease_id = internal::new_lease_id(),
                                               .ttl = std::chrono::seconds(600)});
  ASSERT_EQ(claimed.outcome, Outcome::granted);
  const Lease lease{.key = key,
                    .id = at.store().read(key).record->lease_id,
                    .token = claimed.token,
                    .ttl = std::chrono::seconds(600)};
  ASSERT_EQ(at.store().renew({&lease, 1}).outcomes.front(), Outcome::granted);
  const Finished tool = at.tool({"release", "billing", "--force", "--even-if-live", "--confirm",
                                 "billing", "--reason", "its host burnt down", "--json"});
  ASSERT_EQ(tool.code, 0) << tool.err;
  EXPECT_EQ(document_of(tool.out, "mongoelector.release/1").at("recorded"), true);
  const HistoryReply history = at.store().history(key, {}, 5);
  ASSERT_EQ(history.rows.size(), 1u);
  const TermRow& term = history.rows.front();
  EXPECT_EQ(term.token, claimed.token);
  EXPECT_EQ(term.holder.host, "elsewhere");
  EXPECT_EQ(term.ended_by, EndedBy::forced);
  EXPECT_EQ(term.reason, "its host burnt down");
  EXPECT_NE(term.by.find('@'), std::string::npos) << term.by;
  // Whoever comes next is told apart from the one whose lease was broken.
  const auto next = at.lead("billing");
  EXPECT_GT(next->term()->token(), claimed.token);
}

// While somebody thinks about it.
class ReleaseAsked : public Release {
 protected:
  // What the tool says when "nightly" is typed after `meanwhile` has happened.
  template <class Action>
  Finished answered_after(const std::string& flags, const Action& meanwhile) {
    Process tool(at.on_terminal("release nightly --force " + flags), {.talks = true});
    tool.await_line("may still be running");
    meanwhile();
    tool.write_line("nightly");
    return tool.wait();
  }
};

INSTANTIATE_TEST_SUITE_P(Stores, ReleaseAsked, testing::Values("sqlite", "mongodb"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST_P(ReleaseAsked, does_nothing_when_the_lock_changed_hands_meanwhile) {
  auto first = at.hold("nightly");
  std::unique_ptr<MongoLocker> second;
  const Finished tool = answered_after("--even-if-live", [&] {
    first->release();
    second = at.hold("nightly");
  });
  EXPECT_EQ(tool.code, 75) << tool.out;
  EXPECT_NE(tool.out.find("changed hands"), std::string::npos) << tool.out;
  EXPECT_TRUE(second->touch());
}

TEST_P(ReleaseAsked, does_nothing_when_the_holder_came_back_meanwhile) {
  const Key key = Key::lock("nightly");
  Lease lease{.key = key,
              .id = internal::new_lease_id(),
              .token = {},
              .ttl = std::chrono::seconds(5)};
  lease.token = at.store()
                    .claim({.key = key,
                            .holder = {internal::new_uuid(), "elsewhere", 99},
                            .lease_id = lease.id,
                            .ttl = lease.ttl})
                    .token;
  ASSERT_TRUE(eventually(
      [&] { return at.store().read(key).record->remaining < std::chrono::milliseconds(1900); }));
  const Finished tool = answered_after("", [&] {
    EXPECT_EQ(at.store().renew({&lease, 1}).outcomes.front(), Outcome::granted);
  });
  EXPECT_EQ(tool.code, 75) << tool.out;
  EXPECT_NE(tool.out.find("seems alive"), std::string::npos) << tool.out;
  EXPECT_EQ(at.store().renew({&lease, 1}).outcomes.front(), Outcome::granted);
}

TEST_P(ReleaseAsked, does_nothing_after_ctrl_c) {
  const auto locker = at.hold("nightly");
  Process tool(at.on_terminal("release nightly --force --even-if-live"), {.talks = true});
  tool.await_line("may still be running");
  tool.write_line("\x03");
  EXPECT_EQ(tool.wait().code, 130);
  EXPECT_TRUE(locker->touch());
}

TEST(ReleaseFlags, must_say_how) {
  for (const auto& words : {std::vector<std::string>{"release", "a"},
                            {"release", "a", "--token", "5", "--force"},
                            {"release", "a", "--token", "5", "--if-token", "5"},
                            {"release", "a", "--token", "5", "--even-if-live"},
                            {"release", "a", "--token", "5", "--reason", "old"},
                            {"release", "a", "--token", "0"},
                            {"release", "a", "--token", "-1"},
                            {"release", "a", "--token", "99999999999999999999"},
                            {"release", "--force"}}) {
    const Finished tool = run_tool(words);
    EXPECT_EQ(tool.code, 64) << tool.err;
    EXPECT_EQ(std::count(tool.err.begin(), tool.err.end(), '\n'), 1) << tool.err;
  }
}

}  // namespace
}  // namespace mongoelector::test
