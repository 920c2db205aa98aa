// The tool started against a wrong thing: one line that says what to do, and the code of the table.
#include <gtest/gtest.h>

#include <signal.h>

#include <algorithm>

#include "cli/exit_codes.h"
#include "support/fake_mongod.h"
#include "support/mongod.h"
#include "support/process.h"
#include "support/tool.h"

namespace mongoelector::test {
namespace {

using cli::Exit;

void expect_refusal(const std::string& uri, Exit code, const std::string& says) {
  const Finished tool = run_tool({"status"}, {.environment = {{"MONGODB_URI", uri}}});
  EXPECT_EQ(tool.code, static_cast<int>(code)) << tool.err;
  EXPECT_EQ(tool.out, "");
  EXPECT_EQ(std::count(tool.err.begin(), tool.err.end(), '\n'), 1) << tool.err;
  EXPECT_NE(tool.err.find(says), std::string::npos) << tool.err;
  EXPECT_EQ(tool.err.find("s3cret"), std::string::npos) << tool.err;
}

TEST(Refusal, of_an_old_server_is_unfit) {
  const std::map<std::string, std::string> replies{
      {"hello", R"({"ok": 1, "ismaster": true, "isWritablePrimary": true,
                    "minWireVersion": 0, "maxWireVersion": 8, "maxBsonObjectSize": 16777216,
                    "maxMessageSizeBytes": 48000000, "maxWriteBatchSize": 100000})"}};
  const FakeMongod old(replies);
  expect_refusal(old.uri("ops"), Exit::unfit, "older than MongoDB 4.4");
  // The flag, too, and no more than that line.
  const Finished tool = run_tool({"--uri", old.uri("ops"), "status"});
  EXPECT_EQ(tool.code, static_cast<int>(Exit::unfit));
  EXPECT_EQ(std::count(tool.err.begin(), tool.err.end(), '\n'), 1) << tool.err;
}

TEST(Refusal, of_a_collection_that_cannot_hold_leases_is_unfit) {
  Mongod& server = Mongod::shared_replica_set();
  const std::string database = fresh_database();
  server.run_command(R"({"create": "mongolocker", "viewOn": "other", "pipeline": []})", database);
  expect_refusal(server.uri(database), Exit::unfit, "is a view");
  server.run_command(R"({"dropDatabase": 1})", database);
}

TEST(Refusal, of_access_is_denied) {
  const auto server = Mongod::with_password();
  const std::string place = "127.0.0.1:" + std::to_string(server->port());
  expect_refusal("mongodb://" + place + "/ops", Exit::denied, "names none");
  expect_refusal("mongodb://app:s3cret@" + place + "/other?authSource=ops", Exit::denied,
                 "the user app lacks find");
  expect_refusal("mongodb://app:s3cret@" + place + "/ops?authSource=admin", Exit::denied,
                 "uthentication failed");
}

TEST(Refusal, of_a_member_that_is_no_primary_is_unavailable) {
  const auto member = Mongod::never_primary();
  expect_refusal("mongodb://app:s3cret@127.0.0.1:" + std::to_string(member->port()) +
                     "/?directConnection=true",
                 Exit::unavailable, "127.0.0.1:");
}

TEST(Refusal, of_a_uri_that_is_not_percent_encoded_is_a_mistake_in_the_configuration) {
  expect_refusal("mongodb://app:s3cret:word@db1/ops", Exit::config, "Password");
  expect_refusal("mongodb://db1/?tsl=true&tlsCertificateKeyFilePassword=s3cret", Exit::config,
                 "tsl");
}

TEST(Refusal, shows_no_secret_of_an_option_in_the_title) {
  const auto server = Mongod::standalone();
  server->suspend();
  const std::string uri = "mongodb://127.0.0.1:" + std::to_string(server->port()) +
                          "/ops?tlsCertificateKeyFilePassword=s3cret&appName=x";
  Process tool(tool_command({"--uri", uri, "status"}));
  tool.await_error_line("warning");
  const Finished title =
      run_process({"cat", "/proc/" + std::to_string(tool.pid()) + "/cmdline"});
  EXPECT_NE(title.out.find("FilePassword=******&appName=x"), std::string::npos) << title.out;
  tool.signal(SIGKILL);
  server->resume();
}

}  // namespace
}  // namespace mongoelector::test
