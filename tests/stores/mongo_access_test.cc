// Who we are: roles, passwords, TLS; and that nothing shows a secret.
#include <algorithm>
#include <chrono>
#include <mutex>
#include <regex>

#include "mongoelector/connect.h"
#include "mongoelector/locker.h"
#include "stores/mongo_fixture.h"
#include "support/certificate.h"
#include "support/eventually.h"
#include "support/process.h"

namespace mongoelector::test {
namespace {

using std::chrono::seconds;

// One server for all of it, with a user for each question.
Mongod& guarded() {
  static const std::unique_ptr<Mongod> server = Mongod::with_password();
  return *server;
}

// A user of "ops" who may do only that, on all collections of ours.
void make_user(const std::string& name, const std::string& actions) {
  std::string privileges;
  for (const char* collection : {"mongolocker", "mongolocker.tokens", "elector.locks",
                                 "elector.locks.tokens", "elector.status", "elector.history",
                                 "elector.control"}) {
    privileges += std::string(privileges.empty() ? "" : ", ") +
                  R"({"resource": {"db": "ops", "collection": ")" + collection +
                  R"("}, "actions": [)" + actions + "]}";
  }
  guarded().run_command(
      R"({"createRole": ")" + name + R"(", "roles": [], "privileges": [)" + privileges + "]}",
      "ops");
  guarded().run_command(R"({"createUser": ")" + name + R"(", "pwd": "s3cret", "roles": [")" +
                            name + R"("]})",
                        "ops");
}

std::string place() { return "127.0.0.1:" + std::to_string(guarded().port()) + "/ops"; }
std::string uri_of(const std::string& name) { return "mongodb://" + name + ":s3cret@" + place(); }

TEST(MongoAccess, the_least_role_is_enough_and_what_it_misses_is_said) {
  make_user("least", R"("find", "insert", "update", "remove")");
  std::mutex mutex;
  std::vector<std::string> told;
  const auto session = connect(uri_of("least"), {.on_event = [&](const Event& event) {
                                 const std::lock_guard guard(mutex);
                                 if (event.kind == EventKind::store_warning)
                                   told.push_back(event.message);
                               }});
  MongoLocker lock(session, "nightly");  // the time check needs no privilege either
  lock.acquire({.blocking = false});
  EXPECT_TRUE(lock.touch());
  EXPECT_TRUE(lock.locked());
  EXPECT_TRUE(lock.release());
  ASSERT_TRUE(eventually([&] {
    const std::lock_guard guard(mutex);
    return told.size() == 4u;
  })) << "one for each index that it may not look at";
  // Nobody waits for anything, so nothing is said of wake-ups.
  EXPECT_EQ(session->store().info().warnings, told);
  for (const std::string& warning : told) {
    EXPECT_NE(warning.find("not swept"), std::string::npos) << warning;
    EXPECT_LT(warning.size(), 160u) << warning;
  }
}

TEST(MongoAccess, a_privilege_that_is_missing_is_named) {
  make_user("cannot_update", R"("find", "insert", "remove")");
  const auto session = connect(uri_of("cannot_update"));
  const auto warnings = session->store().info().warnings;
  EXPECT_TRUE(std::any_of(warnings.begin(), warnings.end(), [](const std::string& warning) {
    return warning.starts_with("the user cannot_update lacks update on ops.mongolocker;");
  }));
  MongoLocker lock(session, "nightly");
  try {
    lock.acquire();
    ADD_FAILURE() << "acquired";
  } catch (const StoreError& error) {
    EXPECT_EQ(error.outcome(), Outcome::denied);
    const std::string message = error.what();
    EXPECT_NE(message.find("lacks update on ops.mongolocker"), std::string::npos) << message;
    EXPECT_NE(message.find("readWrite"), std::string::npos) << message;
  }
  make_user("cannot_find", R"("insert", "update", "remove")");
  for (const std::string& uri : {uri_of("cannot_find"), "mongodb://" + place()}) {
    try {
      connect(uri);
      ADD_FAILURE() << "connected";
    } catch (const ConnectError& error) {
      EXPECT_EQ(error.problem(), ConnectProblem::denied);
      const std::string message = error.what();
      EXPECT_TRUE(std::regex_search(message, std::regex("lacks find|names none"))) << message;
    }
  }
}

TEST(MongoAccess, passwords_of_any_kind_and_either_mechanism) {
  guarded().run_command(R"({"createUser": "we:ird", "pwd": "p@ss:w/rd%?", "roles":
                            [{"role": "readWrite", "db": "ops"}]})");
  const std::string user = "mongodb://we%3Aird:p%40ss%3Aw%2Frd%25%3F@" + place();
  for (const char* options : {"?authSource=admin", "?authSource=admin&authMechanism=SCRAM-SHA-1",
                              "?authSource=admin&authMechanism=SCRAM-SHA-256"}) {
    const auto session = connect(user + options);
    MongoLocker lock(session, "weird");
    lock.acquire({.blocking = false});
    EXPECT_TRUE(lock.release()) << options;
    const std::string location = session->store().info().location;
    EXPECT_EQ(location.find("ird"), std::string::npos) << location;
    EXPECT_EQ(location.find("ss"), std::string::npos) << location;
  }
  for (const char* options : {"", "?authSource=ops", "?authSource=admin&authMechanism=PLAIN",
                              "?authSource=admin&authMechanism=GSSAPI"}) {
    try {
      connect(user + options);
      ADD_FAILURE() << "connected with " << options;
    } catch (const ConnectError& error) {
      const std::string message = error.what();
      for (const char* part : {"w/rd", "w%2Frd", "%40", "\n"})
        EXPECT_EQ(message.find(part), std::string::npos) << message;
    }
  }
}

TEST(MongoTls, is_used_as_the_uri_says_and_checked) {
  const TempDir dir;
  const std::string authority = certificate(dir, "server");
  const auto server = Mongod::with_tls(authority);
  const std::string uri = "mongodb://127.0.0.1:" + std::to_string(server->port()) + "/ops?";
  const std::string client = certificate(dir, "client", "s3cret");
  for (const std::string& more :
       {std::string(), "&tlsCertificateKeyFilePassword=s3cret&tlsCertificateKeyFile=" + client}) {
    const auto session = connect(uri + "tls=true&tlsCAFile=" + authority + more);
    MongoLocker lock(session, "nightly");
    lock.acquire({.blocking = false});
    EXPECT_TRUE(lock.release());
    EXPECT_EQ(session->store().info().location.find("s3cret"), std::string::npos);
  }
  for (const std::string& options :
       {"tls=true&tlsCAFile=" + certificate(dir, "other"), std::string("tls=true"), std::string(),
        "tls=true&tlsCAFile=" + dir.file("none"),
        "tls=true&tlsCAFile=" + authority + "&tlsCertificateKeyFile=" + client +
            "&tlsCertificateKeyFilePassword=wr0ng"}) {
    try {
      connect(uri + options);
      ADD_FAILURE() << "connected with " << options;
    } catch (const ConnectError& error) {
      const std::string message = error.what();
      EXPECT_EQ(message.find('\n'), std::string::npos) << message;
      EXPECT_EQ(message.find("wr0ng"), std::string::npos) << message;
      EXPECT_NE(message.find("127.0.0.1:"), std::string::npos) << message;
    }
  }
}

}  // namespace
}  // namespace mongoelector::test
