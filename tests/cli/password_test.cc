// The password of a URI that names a user only.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "cli/contract.h"
#include "cli/stores.h"
#include "cli/terminal.h"

namespace mongoelector::test {
namespace {

using nlohmann::json;
using Environment = std::map<std::string, std::string>;

// Everything that a URI gives a meaning of its own.
constexpr char kAwkward[] = "p @:/?#[]%&=\"'\\ \xc3\xa9\xe2\x82\xac$";

class PasswordFile : public testing::Test {
 protected:
  static Mongod& server() {
    static const std::unique_ptr<Mongod> server = [] {
      auto started = Mongod::with_password();
      started->run_command(json{{"createUser", "awkward"}, {"pwd", kAwkward},
                                {"roles", {"readWrite"}}}.dump(),
                           "ops");
      return started;
    }();
    return *server;
  }
  static std::string uri_of(const std::string& user) {
    return "mongodb://" + user + "@127.0.0.1:" + std::to_string(server().port()) + "/ops";
  }
  std::string write(const std::string& text, mode_t mode = 0600) const {
    const std::string path = dir.file("password");
    std::ofstream(path) << text;
    EXPECT_EQ(chmod(path.c_str(), mode), 0);
    return path;
  }
  static Finished run(std::vector<std::string> words, Environment environment,
                      const std::string& user = "app") {
    environment.emplace("MONGODB_URI", uri_of(user));
    const Finished tool = run_tool(std::move(words), {.environment = std::move(environment)});
    EXPECT_EQ((tool.out + tool.err).find("s3cret"), std::string::npos) << tool.out << tool.err;
    return tool;
  }

  const TempDir dir;
};

TEST_F(PasswordFile, is_used_by_whoever_opens_the_store) {
  const std::string file = write("s3cret\n");
  const Environment told{{"MONGOELECTOR_PASSWORD_FILE", file}};
  const Finished list = run({"list", "--json"}, told);
  EXPECT_EQ(list.code, 0) << list.err;
  EXPECT_EQ(list.err, "");
  EXPECT_NE(list.out.find("mongodb://app:***@"), std::string::npos) << list.out;
  EXPECT_EQ(run({"list", "--password-file", file}, {}).code, 0);
  EXPECT_EQ(run({"lock", "nightly", "-v", "--", "true"}, told).code, 0);
  EXPECT_EQ(run({"doctor"}, told).code, 0);
  // As MONGOELECTOR_URI_FILE, and never what is in it.
  const Finished child = run({"lock", "nightly", "--", "env"}, told);
  EXPECT_NE(child.out.find("MONGOELECTOR_PASSWORD_FILE="), std::string::npos);
  std::ofstream(dir.file("c.toml"))
      << "uri = '" << uri_of("app") << "'\npassword_file = 'password'\n";
  EXPECT_EQ(run_tool({"list", "--config", dir.file("c.toml")}).code, 0);
}

TEST_F(PasswordFile, may_hold_whatever_a_password_may) {
  for (const char* end : {"", "\n", "\r\n"}) {
    const std::string file = write(std::string(kAwkward) + end);
    const Finished tool = run({"list", "--json", "--password-file", file}, {}, "awkward");
    EXPECT_EQ(tool.code, 0) << tool.err;
  }
}

TEST_F(PasswordFile, that_is_wrong_or_missing_is_told_apart) {
  const std::string nothing = dir.file("none");
  EXPECT_EQ(run({"list", "--password-file", nothing}, {}).code, 78);
  EXPECT_EQ(run({"list", "--password-file", write("\n")}, {}).code, 78);
  EXPECT_EQ(run({"list", "--password-file", write(std::string("a\0b", 3))}, {}).code, 78);
  EXPECT_EQ(run({"list", "--password-file", write("s3cretly-wrong")}, {}).code, 77);
  const Finished both = run_tool(
      {"list", "--json", "--password-file", write("x")},
      {.environment = {{"MONGODB_URI", "mongodb://app:s3cret@db1/ops"}}});
  EXPECT_EQ(error_of(both).at("exit_code"), 78);
  EXPECT_EQ(both.err.find("s3cret"), std::string::npos) << both.err;
  EXPECT_EQ(run_tool({"list", "--password-file", write("x")},
                     {.environment = {{"MONGODB_URI", "mongodb://db1/ops"}}})
                .code,
            78);
}

TEST_F(PasswordFile, that_others_may_use_is_warned_about_and_told_by_the_doctor) {
  struct Mode {
    mode_t bits;
    bool warned;
    std::string status;
  };
  for (const Mode& mode : {Mode{0600, false, "ok"}, {0640, true, "warn"}, {0644, true, "fail"}}) {
    const std::string file = write("s3cret\n", mode.bits);
    const Finished tool = run({"list", "--password-file", file}, {});
    EXPECT_EQ(tool.code, 0);
    EXPECT_EQ(tool.err.find("chmod 600") != std::string::npos, mode.warned) << tool.err;
    const Finished looked = run({"doctor", "--json", "--password-file", file}, {});
    const json document = document_of(looked.out, "mongoelector.doctor/1");
    for (const json& check : document.at("checks")) {
      if (check.at("id") == "secret") {
        EXPECT_EQ(check.at("status"), mode.status) << check;
      }
    }
    EXPECT_EQ(looked.code, mode.status == "fail" ? 78 : 0);
  }
}

TEST_F(PasswordFile, a_user_without_a_password_exits_77_where_nobody_can_be_asked) {
  const Finished tool = run({"list", "--json"}, {});
  EXPECT_EQ(tool.code, 77);
  EXPECT_NE(error_of(tool).at("hint").get<std::string>().find("--password-file"),
            std::string::npos);
  InTerminal silent(tool_command({"--no-input", "list", "--uri", uri_of("app")}));
  EXPECT_EQ(silent.wait(), 77);
  // Whoever has a certificate is not asked for one: here it is the server that speaks no TLS.
  EXPECT_EQ(run_tool({"list", "--timeout", "2s", "--uri",
                      uri_of("app") + "?authMechanism=MONGODB-X509&tls=true"})
                .code,
            69);
}

TEST_F(PasswordFile, on_a_terminal_it_is_asked_for_and_never_shown) {
  InTerminal asked(tool_command({"list", "--timeout", "20s", "--uri", uri_of("app")}));
  ASSERT_TRUE(asked.await("password for mongodb://app@"));
  // With two mistakes, taken back.
  asked.type("s3crx\xc3\xa9\x7f\x7f" "et\n");
  EXPECT_EQ(asked.wait(), 0) << asked.seen();
  EXPECT_EQ(asked.seen().find("s3cr"), std::string::npos) << asked.seen();

  InTerminal wrong(tool_command({"list", "--uri", uri_of("app")}));
  ASSERT_TRUE(wrong.await("password for"));
  wrong.type("s3cretly-wrong\n");
  EXPECT_EQ(wrong.wait(), 77);
  EXPECT_EQ(wrong.seen().find("s3cr"), std::string::npos) << wrong.seen();

  InTerminal given_up(tool_command({"list", "--uri", uri_of("app")}));
  ASSERT_TRUE(given_up.await("password for"));
  given_up.type("\x03");
  EXPECT_EQ(given_up.wait(), 130);
}

TEST_F(PasswordFile, whoever_types_is_not_hurried_by_the_timeout) {
  InTerminal asked(tool_command({"list", "--timeout", "1s", "--uri", uri_of("app")}));
  ASSERT_TRUE(asked.await("password for"));
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(1300);
  ASSERT_TRUE(eventually([&] { return std::chrono::steady_clock::now() > until; }));
  asked.type("s3cret\n");
  EXPECT_EQ(asked.wait(), 0) << asked.seen();
}

TEST_F(PasswordFile, a_command_under_a_lease_is_asked_for_it_too) {
  InTerminal asked(tool_command({"lock", "nightly", "--uri", uri_of("app"), "--", "echo", "done"}));
  ASSERT_TRUE(asked.await("password for"));
  asked.type("s3cret\n");
  EXPECT_TRUE(asked.await("done"));
  EXPECT_EQ(asked.wait(), 0) << asked.seen();

  InTerminal given_up(
      tool_command({"lock", "nightly", "--uri", uri_of("app"), "--", "echo", "done"}));
  ASSERT_TRUE(given_up.await("password for"));
  given_up.type("\x03");
  EXPECT_EQ(given_up.wait(), 130);
}

TEST_F(PasswordFile, a_signal_at_the_question_leaves_the_terminal_as_it_was) {
  InTerminal shell({"sh", "-c",
                    "sh -c 'echo pid $$.; exec " MONGOELECTOR_CLI " list --uri " + uri_of("app") +
                        "'; echo code $?; stty -a"});
  ASSERT_TRUE(shell.await("password for"));
  const std::size_t at = shell.seen().find("pid ") + 4;
  kill(std::stoi(shell.seen().substr(at)), SIGTERM);
  EXPECT_TRUE(shell.await("code 143")) << shell.seen();
  EXPECT_EQ(shell.wait(), 0);
  EXPECT_NE(shell.seen().find(" icanon "), std::string::npos) << shell.seen();
  EXPECT_NE(shell.seen().find(" echo "), std::string::npos) << shell.seen();
}

TEST_F(PasswordFile, an_end_at_the_question_is_reported) {
  const TempDir folder;
  const std::string file = folder.file("report");
  InTerminal asked({"sh", "-c",
                    "exec " MONGOELECTOR_CLI " lock nightly --report-fd 9 --uri " + uri_of("app") +
                        " -- true 9> " + file});
  ASSERT_TRUE(asked.await("password for"));
  asked.type("\x03");
  EXPECT_EQ(asked.wait(), 130);
  std::ifstream report(file);
  EXPECT_EQ(json::parse(report).at("cause"), "interrupted");
}

TEST_F(PasswordFile, nobody_is_asked_in_the_background) {
  InTerminal shell({"bash", "-mc",
                    MONGOELECTOR_CLI " lock nightly --uri " + uri_of("app") +
                        " -- true & wait $!; echo code $?"});
  EXPECT_TRUE(shell.await("code 77")) << shell.seen();
  EXPECT_EQ(shell.seen().find("password for"), std::string::npos) << shell.seen();
}

}  // namespace
}  // namespace mongoelector::test
