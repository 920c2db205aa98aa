// init: what it makes, what it says, and that it may be run again.
#include <gtest/gtest.h>

#include <filesystem>

#include "cli/contract.h"
#include "cli/preparation.h"
#include "cli/stores.h"

namespace mongoelector::test {
namespace {

class Init : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Stores, Init, testing::Values("sqlite", "mongodb"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST_P(Init, may_be_run_again_and_again) {
  const StoreUnderTest at(GetParam());
  for (int time = 0; time < 2; ++time) {
    const Finished tool = at.tool({"init", "--json"});
    EXPECT_EQ(tool.code, 0) << tool.err;
    const auto document = document_of(tool.out, "mongoelector.init/1");
    EXPECT_FALSE(document.at("parts").empty());
    EXPECT_TRUE(document.at("warnings").empty()) << tool.out;
  }
}

TEST(InitPlan, of_a_file_makes_none_and_changes_when_it_is_there) {
  const TempDir dir;
  const std::string file = dir.file("leases.db");
  const std::vector<std::string> plan{"init", "--dry-run", "--uri", "sqlite:" + file};
  EXPECT_NE(run_tool(plan).out.find("if missing  file"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_EQ(run_tool({"init", "--uri", "sqlite:" + file}).code, 0);
  EXPECT_TRUE(std::filesystem::exists(file));
  EXPECT_NE(run_tool(plan).out.find("nothing to make"), std::string::npos);
}

TEST(InitPlan, of_a_mongodb_names_the_indexes_that_are_made_and_does_not_connect) {
  const Finished plan =
      run_tool({"init", "--dry-run", "--json", "--uri", "mongodb://127.0.0.1:1/ops"});
  EXPECT_EQ(plan.code, 0) << plan.err;
  const auto parts = document_of(plan.out, "mongoelector.init/1").at("parts");
  const StoreUnderTest at("mongodb");
  ASSERT_EQ(at.tool({"init"}).code, 0);
  const Mongod& server = Mongod::shared_replica_set();
  const std::string place = at.uri().substr(at.uri().rfind('/') + 1);
  const std::string database = place.substr(0, place.find('?'));
  ASSERT_EQ(parts.size(), cli::brooms("").size());
  for (const cli::Broom& broom : cli::brooms("")) {
    const std::string made =
        server.run_command(R"({"listIndexes": ")" + broom.collection + R"("})", database);
    EXPECT_NE(made.find("\"" + broom.field + "_1\", \"expireAfterSeconds\" : " +
                        std::to_string(broom.after.count())),
              std::string::npos)
        << made;
    EXPECT_NE(parts.dump().find(broom.field + " of ops." + broom.collection + ","),
              std::string::npos)
        << parts;
  }
}

TEST(InitPlan, an_index_that_is_not_as_it_should_be_is_warned_of) {
  const std::string database = fresh_database();
  Mongod& server = Mongod::shared_replica_set();
  server.run_command(R"({"createIndexes": "mongolocker", "indexes": [
      {"key": {"ts_expire": 1}, "name": "theirs", "expireAfterSeconds": 0}]})",
                     database);
  const auto document = document_of(
      run_tool({"init", "--json"}, {.environment = {{"MONGODB_URI", server.uri(database)}}}).out,
      "mongoelector.init/1");
  EXPECT_EQ(document.at("warnings").size(), 1u);
  EXPECT_EQ(document.at("parts").size(), cli::brooms("").size() - 1);
}

TEST(InitRole, is_printed_for_the_database_that_is_meant_without_connecting) {
  const auto role = [](std::vector<std::string> words) {
    words.insert(words.begin(), {"init", "--print-role", "--json"});
    const Finished tool = run_tool(words);
    EXPECT_EQ(tool.code, 0) << tool.err;
    return document_of(tool.out, "mongoelector.role_commands/1").at("database");
  };
  EXPECT_EQ(role({"--uri", "mongodb://127.0.0.1:1/ops?replicaSet=rs0"}), "ops");
  EXPECT_EQ(role({"--uri", "mongodb://127.0.0.1:1/?a=b/c"}), "mongoelector");
  EXPECT_EQ(role({"--uri", "mongodb://127.0.0.1:1"}), "mongoelector");
  EXPECT_EQ(role({"--database", "own"}), "own");
}

}  // namespace
}  // namespace mongoelector::test
