// Which store the tool talks to, what each kind of trouble with it exits with, and that no password
// shows anywhere.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/stores.h"
#include "support/content.h"

namespace mongoelector::test {
namespace {

using nlohmann::json;
using Environment = std::map<std::string, std::string>;

std::string write_file(const TempDir& dir, const std::string& name, const std::string& text) {
  std::ofstream(dir.file(name)) << text;
  return dir.file(name);
}

// Every failure: one line for people, then the object; nothing on stdout; no password.
void expect_failure(const Finished& tool, int code) {
  EXPECT_EQ(tool.code, code) << tool.err;
  EXPECT_EQ(tool.out, "");
  EXPECT_EQ(tool.err.find("s3cret"), std::string::npos) << tool.err;
  const std::size_t end = tool.err.rfind('\n', tool.err.size() - 2);
  ASSERT_NE(end, std::string::npos) << tool.err;
  const json error = json::parse(tool.err.substr(end + 1)).at("error");
  EXPECT_EQ(error.at("exit_code"), code);
  EXPECT_TRUE(error.at("code").is_string());
}

Finished list_at(const std::string& uri, Environment environment = {}) {
  environment.emplace("MONGODB_URI", uri);
  return run_tool({"list", "--json", "--timeout", "5s"}, {.environment = environment});
}

TEST(StoreChoice, flag_before_environment_before_mongodb_uri_before_the_default) {
  const TempDir dir;
  const std::string file = write_file(dir, "uri", "sqlite:" + dir.file("file.db") + "\n");
  Environment environment{{"STATE_DIRECTORY", dir.path()}};
  std::vector<std::string> words{"list", "--json"};
  const auto used = [&] {
    const Finished tool = run_tool(words, {.environment = environment});
    EXPECT_EQ(tool.code, 0) << tool.err;
    return json::parse(tool.out).at("store").at("uri").get<std::string>();
  };
  EXPECT_EQ(used(), "sqlite:" + dir.file("leases.db"));
  environment["MONGODB_URI"] = "sqlite:" + dir.file("mongodb.db");
  EXPECT_EQ(used(), environment["MONGODB_URI"]);
  environment["MONGOELECTOR_URI_FILE"] = file;
  EXPECT_EQ(used(), "sqlite:" + dir.file("file.db"));
  environment.erase("MONGOELECTOR_URI_FILE");
  environment["MONGOELECTOR_URI"] = "sqlite:" + dir.file("own.db");
  EXPECT_EQ(used(), environment["MONGOELECTOR_URI"]);
  words = {"--uri-file", file, "list", "--json"};
  EXPECT_EQ(used(), "sqlite:" + dir.file("file.db"));
  words = {"list", "--json", "--uri", "memory:"};
  EXPECT_EQ(used(), "memory:");
}

TEST(StoreChoice, fleets_with_prefixes_of_their_own_do_not_meet) {
  const StoreUnderTest at("mongodb");
  const auto locker = at.hold("nightly");
  const auto elector = at.lead("billing");
  const std::vector<std::string> names{"list", "-o", "name"};
  EXPECT_EQ(at.tool(names).out, "election/billing\nlock/nightly\n");
  for (const char* prefix : {"a_", "b_"}) {
    const ProcessOptions apart{.environment = {{"MONGOELECTOR_COLLECTION_PREFIX", prefix}}};
    EXPECT_EQ(at.tool(names, apart).out, "");
    EXPECT_EQ(at.tool({"lock", "nightly", "-n", "--", "true"}, apart).code, 0);
    EXPECT_EQ(at.tool({"run", "billing", "--", "true"}, apart).code, 0);
    EXPECT_EQ(at.tool({"doctor"}, apart).code, 0);
    EXPECT_EQ(at.tool({"acquire", prefix, "--ttl", "60s"}, apart).code, 0);
    EXPECT_EQ(at.tool(names, apart).out, "lock/" + std::string(prefix) + "\n");
  }
  EXPECT_EQ(at.tool({"lock", "nightly", "-n", "--", "true"}).code, 75);
  // Collections of another use, or of the server.
  for (const char* prefix : {"system.", "elector.", "a$"})
    EXPECT_EQ(at.tool({"list", "--collection-prefix", prefix}).code, 78) << prefix;
}

TEST(StoreChoice, names_on_a_server_are_refused_where_they_would_keep_nobody_apart) {
  const TempDir dir;
  for (const std::string& uri : {"sqlite:" + dir.file("a.db"), std::string("memory:")}) {
    for (const std::string flag : {"--collection-prefix", "--database"}) {
      const Finished tool = run_tool({"list", "--json", flag, "a_"},
                                     {.environment = {{"MONGODB_URI", uri}}});
      expect_failure(tool, 78);
      EXPECT_NE(tool.err.find(flag + " is for MongoDB only"), std::string::npos);
    }
  }
}

// Python MongoElector 1.x keeps the rows of its members in a collection of its own.
TEST(StoreChoice, members_of_both_python_generations_are_seen) {
  const StoreUnderTest at("mongodb");
  const std::string place = at.uri().substr(at.uri().rfind('/') + 1);
  const std::string database = place.substr(0, place.find('?'));
  const auto report = [&](const std::string& collection, const std::string& host) {
    const json row{{"uuid", host}, {"key", "billing"},     {"host", host},          {"pid", 7},
                   {"ttl", 15},    {"timestamp", "$$NOW"}, {"elector_running", true}};
    const json update{{"q", {{"_id", host}}},
                      {"u", json::array({{{"$replaceWith", row}}})},
                      {"upsert", true}};
    Mongod::shared_replica_set().run_command(
        R"({"update": ")" + collection + R"(", "updates": [)" + update.dump() + "]}", database);
  };
  report("elector.status", "old-snake");
  report("elector.leader_status", "new-snake");
  for (const char* command : {"members", "status"}) {
    const std::string shown = at.tool({command, "billing", "--json"}).out;
    EXPECT_NE(shown.find("old-snake"), std::string::npos) << shown;
    EXPECT_NE(shown.find("new-snake"), std::string::npos) << shown;
  }
}

TEST(StoreChoice, uri_file_dash_is_stdin) {
  const Finished tool = run_tool({"list", "--json", "--uri-file", "-"}, {.input = "memory:\n"});
  EXPECT_EQ(tool.code, 0) << tool.err;
  EXPECT_EQ(json::parse(tool.out).at("store").at("kind"), "memory");
}

TEST(StoreChoice, two_sources_of_one_level_exit_78) {
  const TempDir dir;
  const std::string file = write_file(dir, "uri", "memory:");
  expect_failure(run_tool({"list", "--json", "--uri", "memory:", "--uri-file", file}), 78);
  expect_failure(
      run_tool({"list", "--json"}, {.environment = {{"MONGOELECTOR_URI", "memory:"},
                                                    {"MONGOELECTOR_URI_FILE", file}}}),
      78);
}

TEST(StoreChoice, a_uri_file_that_is_missing_empty_or_a_directory_exits_78) {
  const TempDir dir;
  expect_failure(run_tool({"list", "--json", "--uri-file", dir.path()}), 78);
  expect_failure(run_tool({"list", "--json", "--uri-file", dir.file("none")}), 78);
  expect_failure(run_tool({"list", "--json", "--uri-file", write_file(dir, "empty", "\n")}), 78);
}

TEST(StoreChoice, require_shared_refuses_a_store_of_this_machine) {
  const TempDir dir;
  const Environment environment{{"STATE_DIRECTORY", dir.path()}};
  expect_failure(run_tool({"list", "--json", "--require-shared"}, {.environment = environment}),
                 78);
  EXPECT_FALSE(std::filesystem::exists(dir.file("leases.db")));
  expect_failure(run_tool({"list", "--json", "--require-shared", "--uri", "memory:"}), 78);
  expect_failure(list_at("sqlite:" + dir.file("a.db"), {{"MONGOELECTOR_REQUIRE_SHARED", "1"}}), 78);
  const std::string shared = Mongod::shared_replica_set().uri(fresh_database());
  EXPECT_EQ(list_at(shared, {{"MONGOELECTOR_REQUIRE_SHARED", "1"}}).code, 0);
}

TEST(StoreTrouble, a_uri_that_means_nothing_is_the_fault_of_whoever_gave_it) {
  expect_failure(run_tool({"list", "--json", "--uri", "redis://app:s3cret@db1"}), 64);
  expect_failure(list_at("redis://app:s3cret@db1"), 78);
  expect_failure(list_at("app:s3cret@db1"), 78);
}

TEST(StoreTrouble, nobody_at_the_port_exits_69) {
  expect_failure(list_at("mongodb://app:s3cret@127.0.0.1:1/ops"), 69);
}

TEST(StoreTrouble, a_set_without_primary_exits_69) {
  const auto server = Mongod::never_primary();
  expect_failure(list_at(server->uri("ops")), 69);
}

TEST(StoreTrouble, a_server_that_hangs_exits_69_within_the_timeout) {
  const auto server = Mongod::standalone();
  const std::string uri = server->uri("ops");
  server->suspend();
  const auto start = std::chrono::steady_clock::now();
  expect_failure(
      run_tool({"list", "--json", "--timeout", "1s"}, {.environment = {{"MONGODB_URI", uri}}}),
      69);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(4));
  server->resume();
}

TEST(StoreTrouble, a_wrong_password_exits_77_and_a_right_one_works) {
  const auto server = Mongod::with_password();
  const std::string host = "127.0.0.1:" + std::to_string(server->port());
  expect_failure(list_at("mongodb://app:s3cretly-wrong@" + host + "/ops"), 77);
  const Finished tool = list_at("mongodb://app:s3cret@" + host + "/ops");
  EXPECT_EQ(tool.code, 0) << tool.err;
  EXPECT_EQ((tool.out + tool.err).find("s3cret"), std::string::npos) << tool.out;
  // Another database than the one this user may read.
  expect_failure(list_at("mongodb://app:s3cret@" + host + "/ops",
                         {{"MONGOELECTOR_DATABASE", "other"}}),
                 77);
}

TEST(StoreTrouble, a_foreign_file_exits_65_and_is_left_alone) {
  const TempDir dir;
  const std::string file = write_file(dir, "foreign", "this is not a database, it is a poem\n");
  expect_failure(list_at("sqlite:" + file), 65);
  EXPECT_EQ(content(file), "this is not a database, it is a poem\n");
}

TEST(StoreTrouble, a_directory_that_cannot_be_made_exits_73) {
  const TempDir dir;
  expect_failure(list_at("sqlite:" + dir.file("no/such/place.db")), 73);
}

TEST(StoreTrouble, a_damaged_record_exits_65) {
  Mongod& server = Mongod::shared_replica_set();
  const std::string database = fresh_database();
  server.run_command(R"({"insert": "mongolocker", "documents": [
      {"_id": "nightly", "uuid": 17, "ts_expire": "tomorrow", "v": 1}]})",
                     database);
  const Environment environment{{"MONGODB_URI", server.uri(database)}};
  expect_failure(run_tool({"status", "lock/nightly", "--json"}, {.environment = environment}), 65);
  expect_failure(run_tool({"release", "nightly", "--force", "--json", "--confirm", "nightly"},
                          {.environment = environment}),
                 65);
  const Finished list = run_tool({"list", "--json"}, {.environment = environment});
  EXPECT_EQ(list.code, 0);
  EXPECT_NE(list.err.find("nightly"), std::string::npos) << list.err;
}

TEST(StoreTrouble, a_key_that_cannot_be_one_exits_64) {
  const std::vector<std::string> bad{"", "election/", std::string(1025, 'x'), "\xff\xfe"};
  for (const std::string& key : bad) {
    expect_failure(run_tool({"status", key, "--json", "--uri", "memory:"}), 64);
    expect_failure(run_tool({"leader", key, "--json", "--uri", "memory:"}), 64);
    expect_failure(run_tool({"release", key, "--force", "--json", "--uri", "memory:"}), 64);
  }
}

TEST(Password, on_the_command_line_is_warned_about_and_overwritten) {
  // Something that accepts and says nothing keeps the tool alive while its title is read.
  const auto server = Mongod::with_password();
  const std::string place = "@127.0.0.1:" + std::to_string(server->port()) + "/ops";
  server->suspend();
  for (const bool joined : {true, false}) {
    const std::string uri = "mongodb://app:s3cret" + place;
    std::vector<std::string> words{"list", "--timeout", "10s"};
    if (joined) {
      words.push_back("--uri=" + uri);
    } else {
      words.insert(words.end(), {"--uri", uri});
    }
    Process tool(tool_command(words));
    EXPECT_NE(tool.await_error_line("warning").find("--uri-file"), std::string::npos);
    const std::string title = content("/proc/" + std::to_string(tool.pid()) + "/cmdline");
    EXPECT_NE(title.find("mongodb://app:******@"), std::string::npos) << title;
    EXPECT_EQ(title.find("s3cret"), std::string::npos) << title;
    tool.signal(SIGKILL);
  }
  server->resume();
}

TEST(Password, is_not_repeated_where_it_does_not_belong) {
  const std::string uri = "mongodb://app:s3cret@db1";
  for (const auto& words :
       {std::vector<std::string>{uri}, {"list", uri}, {"help", uri}, {"list", "--" + uri}}) {
    const Finished tool = run_tool(words);
    EXPECT_EQ(tool.code, 64);
    EXPECT_EQ(tool.err.find("s3cret"), std::string::npos) << tool.err;
  }
}

TEST(OutputStreams, a_reader_that_had_enough_ends_the_tool_quietly) {
  const Finished shell = run_process(
      {"sh", "-c", std::string(MONGOELECTOR_CLI) + " help | true; " + MONGOELECTOR_CLI +
                       " help | (trap '' PIPE; exec true)"});
  EXPECT_EQ(shell.code, 0);
  EXPECT_EQ(shell.err, "");
}

TEST(OutputStreams, a_terminal_is_told_about_the_default_store) {
  const TempDir dir;
  const Finished tool =
      run_process({"script", "-qec", std::string(MONGOELECTOR_CLI) + " list", "/dev/null"},
                  {.environment = {{"STATE_DIRECTORY", dir.path()}}});
  EXPECT_NE(tool.out.find("store: SQLite on this machine only (set MONGODB_URI"),
            std::string::npos)
      << tool.out;
}

TEST(OutputStreams, a_narrow_terminal_loses_columns_from_the_right) {
  const StoreUnderTest at("sqlite");
  const auto locker = at.hold("nightly", {.label = "batch-1"});
  const auto on_terminal = [&](const std::string& arguments) {
    const std::string command =
        "stty cols 40; exec " + std::string(MONGOELECTOR_CLI) + " list " + arguments;
    return run_process({"script", "-qec", command, "/dev/null"},
                       {.environment = {{"MONGODB_URI", at.uri()}}})
        .out;
  };
  EXPECT_NE(on_terminal("").find("KIND  NAME     HOLDER   TERM  LEFT"), std::string::npos);
  EXPECT_EQ(on_terminal("").find("STATE"), std::string::npos);
  EXPECT_NE(on_terminal("-o wide").find("TOKEN"), std::string::npos);
}

TEST(OutputStreams, a_full_disk_exits_71) {
  const Finished shell =
      run_process({"sh", "-c", std::string(MONGOELECTOR_CLI) + " version > /dev/full"});
  EXPECT_EQ(shell.code, 71);
  EXPECT_NE(shell.err.find("cannot write to stdout"), std::string::npos) << shell.err;
}

}  // namespace
}  // namespace mongoelector::test
