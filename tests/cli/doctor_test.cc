// doctor: what is well is said to be, and each kind of trouble is found, with its code and a fix.
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/contract.h"
#include "cli/stores.h"

namespace mongoelector::test {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Examined {
  int code;
  json checks;

  // The first of that name that is not well, else the first; null if there is none.
  json check(const std::string& id) const {
    json found;
    for (const json& check : checks) {
      if (check.at("id") != id) continue;
      if (check.at("status") != "ok") return check;
      if (found.is_null()) found = check;
    }
    return found;
  }
  std::string status(const std::string& id) const {
    const json found = check(id);
    return found.is_null() ? "not checked" : found.at("status").get<std::string>();
  }
};

// No answer shows a password, and whatever is not well comes with something to do.
Examined examined(const Finished& tool) {
  EXPECT_EQ(tool.out.find("s3cret"), std::string::npos) << tool.out;
  EXPECT_EQ(tool.err.find("s3cret"), std::string::npos) << tool.err;
  const json checks = document_of(tool.out, "mongoelector.doctor/1").at("checks");
  for (const json& check : checks) {
    if (check.at("status") != "ok") {
      EXPECT_TRUE(check.at("fix").is_string()) << check;
    }
  }
  return {tool.code, checks};
}

Examined doctor(std::map<std::string, std::string> environment,
                std::vector<std::string> words = {}) {
  words.insert(words.begin(), {"doctor", "--json"});
  return examined(run_tool(std::move(words), {.environment = std::move(environment)}));
}

class Doctor : public testing::TestWithParam<const char*> {
 protected:
  Examined examine(std::vector<std::string> words) const {
    return doctor({{"MONGODB_URI", at.uri()}}, std::move(words));
  }

  const StoreUnderTest at{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Stores, Doctor, testing::Values("sqlite", "mongodb"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST_P(Doctor, finds_nothing_wrong_where_nothing_is_and_leaves_no_lease) {
  for (int time = 0; time < 2; ++time) {
    const Examined found = examine({"--strict", "--ttl", "30s"});
    EXPECT_EQ(found.code, 0) << found.checks.dump(2);
    for (const char* id : {"store", "secret", "connect", "topology", "latency", "locks",
                           "elections", "members", "control", "history"}) {
      EXPECT_EQ(found.status(id), "ok") << id;
    }
  }
  for (const Kind kind : {Kind::lock, Kind::election}) {
    const ListReply left = at.store().list(kind, "");
    ASSERT_EQ(left.outcome, Outcome::granted);
    EXPECT_TRUE(left.records.empty());
  }
}

TEST_P(Doctor, tells_people_the_same_line_by_line) {
  const Finished tool = at.tool({"doctor"});
  EXPECT_EQ(tool.code, 0) << tool.err;
  EXPECT_NE(tool.out.find("\nok    locks       claimed, renewed"), std::string::npos) << tool.out;
  EXPECT_EQ(tool.out.find("FAIL"), std::string::npos) << tool.out;
}

TEST_P(Doctor, finds_what_an_election_lacks) {
  const auto leader = at.lead("billing", {.app_version = "2.1", .label = "web"});
  EXPECT_EQ(examine({"billing"}).status("standby"), "warn");
  MongoElector standby(at.session(), "billing", {.app_version = "2.2", .label = "web"});
  standby.start();
  standby.report_status();
  Examined found = examine({"election/billing"});
  EXPECT_EQ(found.code, 0);
  EXPECT_EQ(found.status("standby"), "ok");
  EXPECT_EQ(found.status("stale"), "ok");
  EXPECT_EQ(found.status("labels"), "warn");
  EXPECT_EQ(found.status("versions"), "warn");
  const NodeStatus gone{.uuid = internal::new_uuid(),
                        .key = Key::election("billing"),
                        .host = "elsewhere",
                        .pid = 99,
                        .ttl = milliseconds(1),
                        .label = "gone"};
  ASSERT_EQ(at.store().report(gone).outcome, Outcome::granted);
  const NodeStatus skewed{.uuid = internal::new_uuid(),
                          .key = Key::election("billing"),
                          .host = "skewed",
                          .ttl = std::chrono::seconds(60),
                          .clock = NodeStatus::ClockOffset{milliseconds(-900), milliseconds(5)}};
  ASSERT_EQ(at.store().report(skewed).outcome, Outcome::granted);
  found = examine({"billing", "--strict"});
  // Where all go by one clock nobody tells of another.
  EXPECT_EQ(found.status("clocks"), at.store().shared() ? "warn" : "not checked");
  EXPECT_EQ(found.code, 76);
  EXPECT_NE(found.check("stale").at("message").get<std::string>().find("gone"), std::string::npos);
}

TEST_P(Doctor, says_that_nobody_knows_a_name) {
  EXPECT_EQ(examine({"nowhere"}).status("name"), "warn");
}

TEST(DoctorTrouble, a_ttl_too_short_for_an_election_of_mongodb_is_warned_of) {
  const std::string uri = Mongod::shared_replica_set().uri(fresh_database());
  EXPECT_EQ(doctor({{"MONGODB_URI", uri}}).status("timing"), "warn");
  EXPECT_EQ(doctor({{"MONGODB_URI", uri}}, {"--ttl", "30s"}).status("timing"), "ok");
}

TEST(DoctorTrouble, a_file_that_no_boot_outlives_is_warned_of) {
  const TempDir in_memory("/dev/shm");
  const Examined found = doctor({{"MONGODB_URI", "sqlite:" + in_memory.file("leases.db")}});
  EXPECT_NE(found.check("file").dump().find("kept in memory"), std::string::npos);
  EXPECT_EQ(found.status("file"), "warn");
}

TEST(DoctorTrouble, a_foreign_index_that_sweeps_early_is_warned_of) {
  const std::string database = fresh_database();
  Mongod& server = Mongod::shared_replica_set();
  server.run_command(R"({"createIndexes": "mongolocker", "indexes": [
      {"key": {"ts_expire": 1}, "name": "theirs", "expireAfterSeconds": 0}]})",
                     database);
  const std::map<std::string, std::string> environment{{"MONGODB_URI", server.uri(database)}};
  const Examined found = doctor(environment);
  EXPECT_EQ(found.code, 0);
  EXPECT_EQ(found.status("indexes"), "warn");
  EXPECT_EQ(doctor(environment, {"--strict"}).code, 76);
}

TEST(DoctorTrouble, a_set_without_primary_fails_with_69) {
  const auto server = Mongod::never_primary();
  const Examined found = doctor({{"MONGODB_URI", server->uri("ops")}});
  EXPECT_EQ(found.code, 69);
  EXPECT_EQ(found.status("connect"), "fail");
}

TEST(DoctorTrouble, a_configuration_that_contradicts_itself_fails_with_78) {
  const Examined found =
      doctor({{"MONGOELECTOR_URI", "memory:"}, {"MONGOELECTOR_URI_FILE", "/dev/null"}});
  EXPECT_EQ(found.code, 78);
  EXPECT_EQ(found.status("store"), "fail");
}

TEST(DoctorTrouble, an_sqlite_file_that_every_user_can_write_fails_with_78) {
  const StoreUnderTest at("sqlite");
  const std::string file = at.uri().substr(at.uri().find(':') + 1);
  EXPECT_EQ(doctor({{"MONGODB_URI", at.uri()}}).status("file"), "ok");
  ASSERT_EQ(chmod(file.c_str(), 0666), 0);
  const Examined found = doctor({{"MONGODB_URI", at.uri()}});
  EXPECT_EQ(found.code, 78);
  EXPECT_EQ(found.status("file"), "fail");
}

// With passwords and roles, on a server of its own.
class DoctorAccess : public testing::Test {
 protected:
  static Mongod& server() {
    static const std::unique_ptr<Mongod> server = Mongod::with_password();
    return *server;
  }
  static std::string uri_of(const std::string& user, const std::string& password = "s3cret") {
    return "mongodb://" + user + ":" + password + "@127.0.0.1:" + std::to_string(server().port()) +
           "/ops";
  }
  static void make_user(const std::string& name, const std::string& role) {
    server().run_command(R"({"createUser": ")" + name + R"(", "pwd": "s3cret", "roles": [")" +
                             role + R"("]})",
                         "ops");
  }
};

TEST_F(DoctorAccess, a_wrong_password_fails_with_77) {
  const Examined found = doctor({{"MONGODB_URI", uri_of("app", "s3cretly-wrong")}});
  EXPECT_EQ(found.code, 77);
  EXPECT_EQ(found.status("connect"), "fail");
}

TEST_F(DoctorAccess, a_privilege_that_is_missing_fails_with_77) {
  make_user("reader", "read");
  const Examined found = doctor({{"MONGODB_URI", uri_of("reader")}});
  EXPECT_EQ(found.code, 77);
  EXPECT_EQ(found.status("privileges"), "warn");
  for (const char* id : {"locks", "elections", "members"}) EXPECT_EQ(found.status(id), "fail");
  for (const char* id : {"control", "history"}) EXPECT_EQ(found.status(id), "warn");
  EXPECT_NE(found.check("locks").at("fix").get<std::string>().find("init --print-role"),
            std::string::npos);
}

TEST_F(DoctorAccess, the_role_that_init_prints_is_enough) {
  const std::string printed = run_tool({"init", "--print-role", "--database", "ops"}).out;
  const std::size_t begin = printed.find("createRole(") + 11;
  const json role = json::parse(printed.substr(begin, printed.find("\n})", begin) + 2 - begin));
  // A command begins with its name.
  const nlohmann::ordered_json command{{"createRole", role.at("role")},
                                 {"privileges", role.at("privileges")},
                                 {"roles", role.at("roles")}};
  server().run_command(command.dump(), "ops");
  make_user("least", role.at("role"));
  const Examined now = doctor({{"MONGODB_URI", uri_of("least")}});
  EXPECT_EQ(now.code, 0) << now.checks.dump(2);
  for (const char* id : {"privileges", "indexes"}) EXPECT_EQ(now.status(id), "not checked");
  for (const char* id : {"locks", "elections", "members", "control", "history"})
    EXPECT_EQ(now.status(id), "ok") << now.checks.dump(2);
}

TEST_F(DoctorAccess, a_password_that_others_can_see_is_told_by_who_can) {
  EXPECT_EQ(doctor({{"MONGODB_URI", uri_of("app")}}).status("secret"), "warn");
  EXPECT_EQ(doctor({}, {"--uri", uri_of("app")}).status("secret"), "warn");
  const TempDir dir;
  const std::string file = dir.file("uri");
  std::ofstream(file) << uri_of("app") << "\n";
  struct Mode {
    mode_t bits;
    std::string status;
    int code;
  };
  for (const Mode& mode : {Mode{0600, "ok", 0}, {0640, "warn", 0}, {0644, "fail", 78}}) {
    ASSERT_EQ(chmod(file.c_str(), mode.bits), 0);
    const Examined found = doctor({{"MONGOELECTOR_URI_FILE", file}});
    EXPECT_EQ(found.status("secret"), mode.status);
    EXPECT_EQ(found.code, mode.code);
    EXPECT_EQ(doctor({}, {"--uri-file", file}).status("secret"), mode.status);
  }
}

}  // namespace
}  // namespace mongoelector::test
