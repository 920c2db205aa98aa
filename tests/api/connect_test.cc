// connect(): every wrong place to connect to gets one clear refusal that names it and shows no
// secret.
#include "mongoelector/connect.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <mutex>

#include "mongoelector/error.h"
#include "mongoelector/locker.h"
#include "support/eventually.h"
#include "support/mongod.h"
#include "support/temp_dir.h"

namespace mongoelector::test {
namespace {

struct Refusal {
  std::optional<ConnectProblem> problem;
  std::string message;
};

Refusal refusal(std::string_view uri, ConnectOptions options = {}) {
  try {
    connect(uri, std::move(options));
    return {std::nullopt, "connected"};
  } catch (const ConnectError& error) {
    return {error.problem(), error.what()};
  }
}

TEST(Connect, knows_its_schemes) {
  for (const std::string_view uri :
       {std::string_view("redis://db1"), std::string_view("sqlite"), std::string_view("sqlite:"),
        std::string_view("db1:27017"), std::string_view("memory:\0", 8),
        std::string_view("mongodb://"), std::string_view("mongodb://db1/?w=bogus=&")}) {
    const Refusal refused = refusal(uri);
    EXPECT_EQ(refused.problem, ConnectProblem::bad_uri) << uri << ": " << refused.message;
  }
  EXPECT_NE(refusal("redis://app:s3cret@db1").message.find("mongodb://"), std::string::npos);
  EXPECT_EQ(refusal("redis://app:s3cret@db1").message.find("s3cret"), std::string::npos);
  EXPECT_TRUE(connect("memory:"));
}

TEST(Connect, names_the_server_that_does_not_answer_but_no_password) {
  const Refusal refused = refusal("mongodb://app:s3cret@127.0.0.1:1/ops");
  EXPECT_EQ(refused.problem, ConnectProblem::unreachable);
  EXPECT_NE(refused.message.find("127.0.0.1:1"), std::string::npos) << refused.message;
  EXPECT_EQ(refused.message.find("s3cret"), std::string::npos) << refused.message;
}

TEST(Connect, refuses_a_set_without_primary) {
  const auto server = Mongod::never_primary();
  const Refusal refused = refusal(server->uri("ops"));
  EXPECT_EQ(refused.problem, ConnectProblem::unreachable) << refused.message;
  EXPECT_NE(refused.message.find("127.0.0.1"), std::string::npos) << refused.message;
}

TEST(Connect, tells_a_wrong_password_from_a_right_one) {
  const auto server = Mongod::with_password();
  const std::string host = "127.0.0.1:" + std::to_string(server->port());
  const Refusal wrong = refusal("mongodb://app:wr0ng@" + host + "/ops");
  EXPECT_EQ(wrong.problem, ConnectProblem::denied) << wrong.message;
  EXPECT_EQ(wrong.message.find("wr0ng"), std::string::npos) << wrong.message;
  const Refusal none = refusal("mongodb://" + host + "/ops");
  EXPECT_EQ(none.problem, ConnectProblem::denied) << none.message;
  // readWrite on one database is enough.
  MongoLocker lock(connect("mongodb://app:s3cret@" + host + "/ops"), "nightly");
  lock.acquire({.blocking = false});
  EXPECT_TRUE(lock.release());
}

TEST(Connect, refuses_a_file_that_cannot_be_made) {
  const TempDir dir;
  std::ofstream(dir.file("plain")) << "x";
  const Refusal below_a_file = refusal("sqlite:" + dir.file("plain/leases.db"));
  EXPECT_EQ(below_a_file.problem, ConnectProblem::cannot_create) << below_a_file.message;
  const Refusal nowhere = refusal("sqlite:" + dir.file("a/b/c/leases.db"));
  EXPECT_EQ(nowhere.problem, ConnectProblem::cannot_create) << nowhere.message;
  EXPECT_NE(nowhere.message.find(dir.path()), std::string::npos) << nowhere.message;
}

TEST(Connect, refuses_a_file_that_is_not_ours) {
  const TempDir dir;
  std::ofstream(dir.file("notes.db")) << "these are somebody's notes, and long enough for a page";
  const Refusal refused = refusal("sqlite:" + dir.file("notes.db"));
  EXPECT_EQ(refused.problem, ConnectProblem::damaged) << refused.message;
}

TEST(Connect, warns_once_of_a_file_that_no_boot_outlives) {
  const TempDir in_memory("/dev/shm");
  std::mutex mutex;
  std::vector<std::string> warnings;
  {
    const auto session = connect("sqlite:" + in_memory.file("leases.db"),
                                 {.on_event = [&](const Event& event) {
                                   const std::lock_guard lock(mutex);
                                   if (event.kind == EventKind::store_warning)
                                     warnings.push_back(event.message);
                                 }});
    for (const std::string name : {"a", "b"}) MongoLocker(session, name).acquire();
    const auto told = [&] {
      const std::lock_guard lock(mutex);
      return !warnings.empty();
    };
    EXPECT_TRUE(eventually(told));
  }
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings.front().find("kept in memory"), std::string::npos) << warnings.front();
}

TEST(Connect, default_file_follows_the_state_directory) {
  const TempDir dir;
  const char* before = std::getenv("STATE_DIRECTORY");
  setenv("STATE_DIRECTORY", (dir.file("state") + ":/elsewhere").c_str(), 1);
  EXPECT_EQ(default_sqlite_path(), dir.file("state/leases.db"));
  MongoLocker lock(connect(), "nightly");
  lock.acquire({.blocking = false});
  struct stat info {};
  EXPECT_EQ(stat(dir.file("state/leases.db").c_str(), &info), 0);
  before == nullptr ? unsetenv("STATE_DIRECTORY") : setenv("STATE_DIRECTORY", before, 1);
}

}  // namespace
}  // namespace mongoelector::test
