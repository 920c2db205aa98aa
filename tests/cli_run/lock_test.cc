// `mongoelector lock` as a user and a script see it.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <regex>

#include "cli/given.h"
#include "cli/supervised.h"
#include "support/eventually.h"

namespace mongoelector::test {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

TEST(Lock, exits_with_what_the_command_exits_with) {
  const LocalStore store;
  const std::pair<std::string, int> rows[] = {{"exit 0", 0},   {"exit 1", 1},
                                              {"exit 7", 7},   {"exit 255", 255},
                                              {"kill $$", 143}, {"kill -9 $$", 137}};
  for (const auto& [script, code] : rows)
    EXPECT_EQ(run_process(store.lock(script)).code, code) << script;
}

TEST(Lock, says_126_and_127_for_a_command_that_cannot_run) {
  const LocalStore store;
  std::ofstream(store.file("plain")) << "no program";
  const Finished plain = run_process(store.command("lock", {"a", "--", store.file("plain")}));
  EXPECT_EQ(plain.code, 126);
  EXPECT_NE(plain.err.find("Permission denied"), std::string::npos) << plain.err;
  const Finished none = run_process(store.command("lock", {"a", "--", "no-such-program"}));
  EXPECT_EQ(none.code, 127);
  EXPECT_NE(none.err.find("\"no-such-program\""), std::string::npos) << none.err;
}

TEST(Lock, refuses_arguments_that_make_no_sense) {
  const LocalStore store;
  const std::vector<std::vector<std::string>> rows{
      {"a"},
      {},
      {"", "--", "true"},
      {"a", "-n", "-w", "3s", "--", "true"},
      {"a", "-w", "soon", "--", "true"},
      {"a", "--on-lost", "pray", "--", "true"},
      {"a", "-E", "256", "--", "true"},
      {"a", "-c", "true", "--", "true"},
      {"a", "--note", std::string(2000, 'x'), "--", "true"}};
  for (const auto& row : rows) {
    const Finished finished = run_process(store.command("lock", row));
    EXPECT_EQ(finished.code, 64) << testing::PrintToString(row) << finished.err;
    EXPECT_EQ(finished.out, "");
  }
}

TEST(Lock, refuses_timings_that_cannot_work_and_names_some_that_do) {
  const LocalStore store;
  const Finished refused = run_process(store.lock("true", {"--ttl", "5s", "--grace", "4s"}));
  EXPECT_EQ(refused.code, 78);
  std::smatch hint;
  const std::regex works("--ttl (\\S+) works with --grace 4s");
  ASSERT_TRUE(std::regex_search(refused.err, hint, works)) << refused.err;
  EXPECT_EQ(run_process(store.lock("true", {"--ttl", hint[1], "--grace", "4s"})).code, 0);
}

TEST(Lock, says_69_when_the_store_cannot_be_reached) {
  const std::string nobody = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200";
  const Finished finished = run_tool({"--uri", nobody, "lock", "a", "--", "true"});
  EXPECT_EQ(finished.code, 69) << finished.err;
}

TEST(Lock, gives_the_command_its_stdin_arguments_and_stdout) {
  const LocalStore store;
  const std::string script = "cat; printf '%s,' \"$@\"";
  const Finished finished =
      run_process(store.command("lock", {"a", "--", "sh", "-c", script, "x", "-n", "a  b"}),
                  {.input = "from stdin\n"});
  EXPECT_EQ(finished.out, "from stdin\n-n,a  b,");
  EXPECT_EQ(finished.err, "");
  EXPECT_EQ(run_process(store.command("lock", {"a", "-c", "echo a | cat"})).out, "a\n");
}

TEST(Lock, gives_the_command_what_its_help_says) {
  const LocalStore store;
  const Finished finished =
      run_tool({"run", "a", "--", "env"}, {.environment = {{"MONGOELECTOR_URI", store.uri()}}});
  const std::string help = run_tool({"help", "run"}).out;
  for (const auto& variable : cli::kGiven) {
    const std::string name(variable.name);
    // The number of a term comes from the history, which may not be there yet.
    const bool given = ("\n" + finished.out).find("\n" + name + "=") != std::string::npos;
    EXPECT_TRUE(given || name == "MONGOELECTOR_TERM") << finished.out;
    EXPECT_NE(help.find("  " + name + " "), std::string::npos) << help;
  }
}

TEST(Lock, tells_the_command_who_it_is_and_hides_the_credentials) {
  const LocalStore store;
  const std::string script =
      "echo $MONGOELECTOR_NAME $MONGOELECTOR_KIND $MONGOELECTOR_TTL_SECONDS; "
      "echo token $MONGOELECTOR_TOKEN; echo $MONGOELECTOR_HOLDER; "
      "echo uris ${MONGODB_URI-none} ${MONGOELECTOR_URI-none}";
  const ProcessOptions options{
      .environment = {{"MONGODB_URI", "mongodb://x"}, {"MONGOELECTOR_URI", store.uri()}}};
  const Finished finished =
      run_tool({"lock", "a", "--ttl", "12s", "--as", "web-1", "-c", script}, options);
  EXPECT_TRUE(std::regex_match(finished.out,
                               std::regex("a lock 12\ntoken \\d+\nweb-1\\.\\d+\\.[0-9a-f]{4}\n"
                                          "uris none none\n")))
      << finished.out << finished.err;
  const Finished kept = run_tool({"lock", "a", "--keep-uri-env", "-c", script}, options);
  EXPECT_NE(kept.out.find("uris mongodb://x " + store.uri()), std::string::npos) << kept.out;
}

TEST(Lock, is_refused_while_another_holds_it) {
  const LocalStore store;
  Process holder(store.lock(kObedient, {"--as", "batch-1"}));
  await_ready(holder);
  const Finished busy = run_process(store.lock("true", {"-n"}));
  EXPECT_EQ(busy.code, 75);
  EXPECT_TRUE(std::regex_search(
      busy.err, std::regex("^mongoelector: lock \"a\" is held by batch-1 \\(pid \\d+\\) since "
                           "\\S+ ago, lease ends in \\S+\n$")))
      << busy.err;
  EXPECT_EQ(run_process(store.lock("true", {"-w", "0"})).code, 75);
  EXPECT_EQ(run_process(store.lock("true", {"-n", "-E", "9"})).code, 9);
}

TEST(Lock, gives_up_when_its_wait_is_over) {
  const LocalStore store;
  Process holder(store.lock(kObedient));
  await_ready(holder);
  const auto began = steady_clock::now();
  const Finished finished = run_process(store.lock("echo ran", {"-w", "300ms"}));
  EXPECT_EQ(finished.code, 75);
  EXPECT_EQ(finished.out, "");
  EXPECT_GE(steady_clock::now() - began, 300ms);
}

TEST(Lock, waits_for_its_turn_and_gets_a_larger_token) {
  const LocalStore store;
  Process holder(store.lock("echo $MONGOELECTOR_TOKEN; " + kObedient));
  const auto first = std::stoull(holder.read_line());
  await_ready(holder);
  Process waiter(store.lock("echo $MONGOELECTOR_TOKEN"));
  Process quiet(store.lock("echo done", {"--quiet-wait"}));
  waiter.await_error_line("waiting for lock \"a\": held by ");
  holder.signal(SIGTERM);
  EXPECT_EQ(holder.wait().code, 143);
  const Finished finished = waiter.wait();
  EXPECT_EQ(finished.code, 0);
  EXPECT_GT(std::stoull(finished.out), first);
  EXPECT_TRUE(std::regex_search(
      finished.err, std::regex("acquired lock \"a\" after \\d+\\.\\ds, token \\d+\n$")))
      << finished.err;
  const Finished silent = quiet.wait();
  EXPECT_EQ(silent.out, "done\n");
  EXPECT_EQ(silent.err, "");
}

TEST(Lock, leaves_nothing_behind_when_interrupted_while_waiting) {
  const LocalStore store;
  Process holder(store.lock(kObedient));
  await_ready(holder);
  for (const auto& [signal, code] : {std::pair{SIGINT, 130}, {SIGTERM, 143}}) {
    Process waiter(store.lock("echo ran"));
    waiter.await_error_line("waiting");
    waiter.signal(signal);
    const Finished finished = waiter.wait();
    EXPECT_EQ(finished.code, code);
    EXPECT_EQ(finished.out, "");
  }
  holder.signal(SIGTERM);
  holder.wait();
  EXPECT_FALSE(store.record(Kind::lock));
}

TEST(Lock, can_be_interrupted_while_it_connects) {
  // A server that takes connections and never answers.
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(server, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(server, 1), 0);
  getsockname(server, reinterpret_cast<sockaddr*>(&address), &size);
  const std::string uri = "mongodb://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
  Process tool(tool_command({"--uri", uri, "lock", "a", "--", "true"}));
  const int connection = accept(server, nullptr, nullptr);
  const auto interrupted = steady_clock::now();
  tool.signal(SIGINT);
  EXPECT_EQ(tool.wait().code, 130);
  EXPECT_LT(steady_clock::now() - interrupted, 3s);
  close(connection);
  close(server);
}

TEST(Lock, refuses_to_wait_for_itself) {
  const LocalStore store;
  const ProcessOptions with_uri{.environment = {{"MONGOELECTOR_URI", store.uri()}}};
  const std::string tool = MONGOELECTOR_CLI;
  const auto nested = [&](const std::string& inner) {
    return run_tool({"lock", "a", "--keep-uri-env", "-c", tool + " " + inner}, with_uri);
  };
  EXPECT_EQ(nested("lock a -- echo ran").code, 64);
  EXPECT_EQ(nested("lock b --keep-uri-env -- " + tool + " lock a -- echo ran").code, 64);
  EXPECT_EQ(nested("lock a --allow-nested -w 100ms -- echo ran").code, 75);
  EXPECT_EQ(nested("lock b -- echo ran").out, "ran\n");
}

TEST(Lock, is_free_as_soon_as_the_command_has_ended) {
  const LocalStore store;
  EXPECT_EQ(run_process(store.lock("true")).code, 0);
  EXPECT_FALSE(store.record(Kind::lock));
}

TEST(Lock, ends_the_command_when_the_lease_is_taken_away) {
  const LocalStore store;
  Process obedient(store.lock(kObedient, {"--ttl", "2s", "--grace", "100ms"}));
  const pid_t pid = await_ready(obedient);
  store.break_lease(Kind::lock);
  const Finished finished = obedient.wait();
  EXPECT_EQ(finished.code, 80);
  EXPECT_TRUE(gone(pid));
  EXPECT_NE(finished.err.find("the lease was taken away at the store; stopping pid"),
            std::string::npos)
      << finished.err;
}

TEST(Lock, kills_a_command_that_does_not_heed_the_loss) {
  const LocalStore store;
  Process stubborn(store.lock(kStubborn, {"--ttl", "9s", "--grace", "2s", "--leave-strays"}));
  const pid_t pid = await_ready(stubborn);
  store.break_lease(Kind::lock);
  stubborn.await_line("got TERM");
  EXPECT_EQ(stubborn.wait().code, 80);
  EXPECT_TRUE(gone(pid));
}

TEST(Lock, only_warns_when_asked_to) {
  const LocalStore store;
  ASSERT_EQ(mkfifo(store.file("fifo").c_str(), 0600), 0);
  Process warned(store.lock("echo ready $$; read line < " + store.file("fifo") + "; exit 5",
                            {"--ttl", "2s", "--grace", "100ms", "--on-lost", "warn"}));
  await_ready(warned);
  store.break_lease(Kind::lock);
  warned.await_error_line("is lost; the command goes on without it");
  std::ofstream(store.file("fifo")) << "go\n";
  EXPECT_EQ(warned.wait().code, 5);
}

}  // namespace
}  // namespace mongoelector::test
