// acquire, renew and release --token: a lock in the hands of a script of several steps.
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/contract.h"
#include "cli/stores.h"

namespace mongoelector::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class ScriptLease : public testing::TestWithParam<const char*> {
 protected:
  // The token that acquire prints.
  std::string acquire(const std::string& ttl = "600s") const {
    const Finished tool = at.tool({"acquire", "nightly", "--ttl", ttl});
    EXPECT_EQ(tool.code, 0) << tool.err;
    return tool.out.substr(0, tool.out.find('\n'));
  }
  std::optional<Record> record() const { return at.store().read(Key::lock("nightly")).record; }

  const StoreUnderTest at{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Stores, ScriptLease, testing::Values("sqlite", "mongodb"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST_P(ScriptLease, outlives_the_command_and_keeps_others_out) {
  const std::string token = acquire();
  EXPECT_EQ(to_string(record()->token), token);
  EXPECT_FALSE(record()->claimable);
  const Finished other = at.tool({"acquire", "nightly", "--ttl", "10s", "--json"});
  EXPECT_EQ(other.code, 75);
  EXPECT_EQ(other.out, "");
  const json error = error_of(other);
  EXPECT_FALSE(error.at("holder").is_null());
  EXPECT_THROW(MongoLocker(at.session(), "nightly").acquire({.blocking = false}), LockExists);
}

TEST_P(ScriptLease, ends_by_itself) {
  const std::string token = acquire("1s");
  EXPECT_TRUE(eventually([&] { return record()->claimable; }));
  EXPECT_EQ(at.tool({"renew", "nightly", "--token", token}).code, 3);
  EXPECT_GT(std::stoull(acquire()), std::stoull(token));
  EXPECT_EQ(at.tool({"renew", "nightly", "--token", token}).code, 75);
}

TEST_P(ScriptLease, is_renewed_and_released_by_whoever_has_the_token) {
  const std::string token = acquire("60s");
  const Finished renewed =
      at.tool({"renew", "nightly", "--token", token, "--ttl", "600s", "--json"});
  ASSERT_EQ(renewed.code, 0) << renewed.err;
  const json lease = document_of(renewed.out, "mongoelector.lease/1");
  EXPECT_EQ(lease.at("token"), token);
  EXPECT_EQ(lease.at("lease_ttl_seconds"), 600.0);
  EXPECT_GT(record()->remaining, 500s);
  // The time of the latest request, unless said otherwise.
  EXPECT_EQ(at.tool({"renew", "nightly", "--token", token}).out, token + "\n");
  EXPECT_GT(record()->remaining, 500s);
  // The first step of a script may have been promised more.
  EXPECT_EQ(at.tool({"renew", "nightly", "--token", token, "--ttl", "60s"}).code, 64);
  EXPECT_GT(record()->remaining, 500s);
  EXPECT_EQ(at.tool({"renew", "nightly", "--token", "5"}).code, 75);
  EXPECT_EQ(at.tool({"release", "nightly", "--token", token}).code, 0);
  EXPECT_FALSE(record());
  EXPECT_EQ(at.tool({"renew", "nightly", "--token", token}).code, 3);
}

TEST_P(ScriptLease, shows_who_and_what_for) {
  const Finished tool = at.tool({"acquire", "nightly", "--ttl", "60s", "--as", "backup", "--note",
                                 "step 1", "--json"});
  ASSERT_EQ(tool.code, 0) << tool.err;
  EXPECT_EQ(document_of(tool.out, "mongoelector.lease/1").at("holder").at("label"), "backup");
  EXPECT_EQ(record()->holder.note, "step 1");
  EXPECT_EQ(record()->holder.pid, getpid()) << "of whoever runs the steps";
}

TEST_P(ScriptLease, refuses_what_cannot_work) {
  for (const auto& words : {std::vector<std::string>{"acquire", "nightly"},
                            {"acquire", "--ttl", "5s"},
                            {"acquire", "nightly", "--ttl", "0"},
                            {"acquire", "nightly", "--ttl", "1us"},
                            {"acquire", "", "--ttl", "5s"},
                            {"acquire", "nightly", "--ttl", "5s", "--note", "\xff"},
                            {"renew", "nightly"},
                            {"renew", "nightly", "--token", "x"}}) {
    const Finished tool = at.tool(words);
    EXPECT_EQ(tool.code, 64) << words[0] << " " << tool.err;
    EXPECT_EQ(tool.out, "");
  }
  EXPECT_FALSE(record());
}

}  // namespace
}  // namespace mongoelector::test
