// What `run` does beside running: restarts, health, hooks, the role file, JSON Lines, systemd.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <nlohmann/json.hpp>

#include "cli/contract.h"
#include "cli/restarts.h"
#include "cli/supervised.h"
#include "support/eventually.h"

namespace mongoelector::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

// ---- restarts ----

TEST(Restarts, pause_twice_as_long_each_time_and_give_up_within_the_window) {
  const cli::RestartFlags flags{.delay = 20s, .most = 3, .window = 5min};
  cli::Restarts restarts(flags);
  const Instant start{};
  EXPECT_EQ(restarts.next(start), Duration(20s));
  EXPECT_EQ(restarts.next(start + 1min), Duration(40s));
  EXPECT_EQ(restarts.next(start + 2min), Duration(60s)) << "a minute at most";
  EXPECT_EQ(restarts.next(start + 3min), std::nullopt);
  EXPECT_EQ(restarts.next(start + 5min), Duration(60s)) << "the first is out of the window";
  restarts.begin_anew();
  EXPECT_EQ(restarts.next(start + 5min), Duration(20s));
}

TEST(Candidate, exits_with_82_when_the_command_ends_too_often) {
  const LocalStore store;
  const std::string report = store.file("report");
  const Finished finished =
      run_process(store.run("echo x; exit 1", {"--restart", "on-failure", "--restart-delay", "1ms",
                                               "--max-restarts", "2", "--give-up", "exit"}),
                  {.environment = {{"MONGOELECTOR_REPORT_FILE", report}}});
  EXPECT_EQ(finished.code, 82) << finished.err;
  EXPECT_EQ(finished.out, "x\nx\nx\n");
  EXPECT_FALSE(store.record(Kind::election));
  EXPECT_EQ(json::parse(content(report)).at("cause"), "gave_up");
  EXPECT_EQ(json::parse(content(report)).at("child_exit_code"), 1);
}

TEST(Candidate, leaves_it_to_a_healthy_host_when_the_command_ends_too_often) {
  const LocalStore store;
  Process sick(store.run("exit 1", {"--restart", "always", "--restart-delay", "1ms",
                                    "--max-restarts", "1", "--cooldown", "1h"}));
  sick.await_error_line("the command ended 2 times within 5m; stepping down for 1h");
  Process well(store.run(kObedient));
  await_ready(well);
  EXPECT_TRUE(sick.running());
  sick.signal(SIGTERM);
  EXPECT_EQ(sick.wait().code, 0);
}

TEST(Candidate, is_a_candidate_again_when_the_cooldown_is_over) {
  const LocalStore store;
  Process tool(store.run("echo ran; exit 1", {"--restart", "always", "--restart-delay", "1ms",
                                              "--max-restarts", "0", "--cooldown", "50ms"}));
  for (int i = 0; i < 3; ++i) tool.await_line("ran");
  tool.signal(SIGTERM);
  EXPECT_EQ(tool.wait().code, 0);
}

// ---- health ----

TEST(Candidate, steps_down_when_the_service_beside_it_is_sick) {
  const LocalStore store;
  const std::string check = "test ! -e " + store.file("sick");
  Process first(store.run(kObedient, {"--health-cmd", check, "--health-interval", "30ms",
                                      "--health-failures", "2", "--cooldown", "1h"}));
  const pid_t pid = await_ready(first);
  Process second(store.run(kObedient));
  second.await_error_line("standby");
  std::ofstream(store.file("sick")) << "x";
  first.await_error_line("health check failed, 1 of 2: exit code 1");
  first.await_error_line("the health check keeps failing; stepping down for 1h");
  await_ready(second);
  EXPECT_TRUE(gone(pid));
  first.signal(SIGTERM);
  EXPECT_EQ(first.wait().code, 0);
}

TEST(Candidate, takes_a_health_check_that_hangs_for_a_failure) {
  const LocalStore store;
  Process tool(store.run(kObedient, {"--health-cmd", "sleep 1000", "--health-interval", "30ms",
                                     "--health-failures", "1", "--cooldown", "1h"}));
  tool.await_error_line("health check failed, 1 of 1: took too long");
  tool.await_error_line("stepping down");
  tool.signal(SIGTERM);
  EXPECT_EQ(tool.wait().code, 0);
}

// ---- hooks ----

TEST(Candidate, tells_its_hooks_of_each_change_of_role) {
  const LocalStore store;
  const std::string log = store.file("log");
  const auto note = [&](const std::string& what) { return "echo " + what + " >> " + log; };
  Process tool(store.run(kObedient,
                         {"--on-elected", note("elected $MONGOELECTOR_NAME $MONGOELECTOR_ROLE"),
                          "--on-lost", note("lost $MONGOELECTOR_EVENT"), "--on-change",
                          note("change $MONGOELECTOR_ROLE")}));
  await_ready(tool);
  EXPECT_TRUE(eventually([&] { return content(log).find("change") != std::string::npos; }));
  tool.signal(SIGTERM);
  EXPECT_EQ(tool.wait().code, 0);
  EXPECT_EQ(content(log), "elected a leader\nchange leader\nlost lost\nchange unknown\n");
}

TEST(Candidate, is_not_held_up_by_a_hook_that_hangs_and_counts_its_failures) {
  const LocalStore store;
  Process first(store.run(kObedient, {"--on-lost", "echo hanging; sleep 1000", "--on-elected",
                                      "exit 3", "--hook-timeout", "1h"}));
  await_ready(first);
  first.await_error_line("hook --on-elected: exit code 3 (failure 1)");
  Process second(store.run(kObedient));
  second.await_error_line("standby");
  first.signal(SIGTERM);
  await_ready(second);  // although the hook still runs
  first.await_error_line("hanging");
  first.signal(SIGINT);
  EXPECT_EQ(first.wait().code, 0);
}

TEST(Candidate, ends_a_hook_that_takes_too_long) {
  const LocalStore store;
  Process tool(store.run(kObedient, {"--on-elected", "sleep 1000", "--hook-timeout", "50ms"}));
  tool.await_error_line("hook --on-elected: took too long (failure 1)");
  tool.signal(SIGTERM);
  EXPECT_EQ(tool.wait().code, 0);
}

TEST(Candidate, keeps_what_hooks_print_out_of_the_answer) {
  const LocalStore store;
  Process tool(store.command("run", {"a", "--json", "--on-elected", "echo from the hook"}));
  tool.await_error_line("from the hook");
  tool.signal(SIGTERM);
  EXPECT_EQ(tool.wait().out.find("from the hook"), std::string::npos);
}

// ---- what it says ----

TEST(Candidate, prints_json_lines_of_its_role_without_a_command) {
  const LocalStore store;
  Process first(store.command("run", {"a", "--json", "--as", "web-1"}));
  const json elected = document_of(first.read_line(), "mongoelector.event/1");
  EXPECT_EQ(elected.at("event"), "elected");
  EXPECT_EQ(elected.at("leader"), "web-1");
  EXPECT_TRUE(elected.at("token").is_string());
  Process second(store.command("run", {"a", "--json", "--as", "web-2"}));
  const json standby = document_of(second.read_line(), "mongoelector.event/1");
  EXPECT_EQ(standby.at("event"), "standby");
  EXPECT_EQ(standby.at("leader"), "web-1");
  first.signal(SIGTERM);
  EXPECT_EQ(document_of(first.read_line(), "mongoelector.event/1").at("event"), "ended");
  EXPECT_EQ(first.wait().code, 0);
  EXPECT_EQ(json::parse(second.read_line()).at("event"), "elected");
}

TEST(Candidate, keeps_a_role_file_that_is_always_there) {
  const LocalStore store;
  const auto role = [](const std::string& file) {
    return document_of(content(file), "mongoelector.role/1").at("role");
  };
  const std::string leads = store.file("leads.json");
  const std::string follows = store.file("follows.json");
  Process first(store.run(kObedient, {"--role-file", leads, "--ttl", "1s", "--grace", "50ms"}));
  await_ready(first);
  EXPECT_EQ(role(leads), "leader");
  const double until = json::parse(content(leads)).at("valid_until_boottime");
  EXPECT_TRUE(eventually([&] {
    return json::parse(content(leads)).at("valid_until_boottime") > until;
  })) << "it does not follow the renewals";
  Process second(store.run(kObedient, {"--role-file", follows}));
  second.await_error_line("standby");
  EXPECT_TRUE(eventually([&] { return role(follows) == "standby"; }));
  first.signal(SIGTERM);
  EXPECT_EQ(first.wait().code, 0);
  EXPECT_EQ(role(leads), "unknown");
  await_ready(second);
  EXPECT_EQ(role(follows), "leader");
}

// The command hears of it first, but not of much else before KILL.
TEST(Candidate, says_unknown_while_the_command_has_time_to_read_it) {
  const LocalStore store;
  const std::string file = store.file("role.json");
  Process tool(store.run("trap 'until grep unknown " + file + "; do :; done; exit' TERM; "
                         "echo ready $$; while :; do sleep 0.02; done",
                         {"--role-file", file, "--ttl", "3s", "--grace", "800ms"}));
  await_ready(tool);
  store.break_lease(Kind::election);
  EXPECT_EQ(json::parse(tool.await_line("{")).at("role"), "unknown");
}

TEST(Candidate, refuses_a_role_file_that_cannot_be_written) {
  const LocalStore store;
  EXPECT_EQ(run_process(store.run("true", {"--role-file", "/nowhere/at/all"})).code, 78);
}

// ---- the service manager ----

// What systemd would hear.
class Manager {
 public:
  explicit Manager(std::string address) : address_(std::move(address)) {
    sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
    std::copy(address_.begin(), address_.end(), name.sun_path);
    if (name.sun_path[0] == '@') name.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(socket_, reinterpret_cast<sockaddr*>(&name), size) != 0)
      throw std::runtime_error("cannot bind the socket of the manager");
  }
  ~Manager() { close(socket_); }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  const std::string& address() const { return address_; }
  // Skips messages up to the first that contains `text`.
  bool hears(const std::string& text) {
    for (;;) {
      std::array<pollfd, 1> watched{{{.fd = socket_, .events = POLLIN}}};
      if (poll(watched.data(), 1, 20'000) <= 0) return false;
      std::array<char, 4096> buffer{};
      const ssize_t size = recv(socket_, buffer.data(), buffer.size(), 0);
      const std::string message(buffer.data(),
                                static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
      heard_ += message + "\n";
      if (message.find(text) != std::string::npos) return true;
    }
  }
  const std::string& heard() const { return heard_; }

 private:
  std::string address_;
  int socket_ = -1;
  std::string heard_;
};

TEST(Candidate, tells_the_service_manager_how_it_stands) {
  const LocalStore store;
  for (const std::string& address :
       {store.file("notify"), "@mongoelector-test-" + std::to_string(getpid())}) {
    Manager manager(address);
    Process tool(store.run("echo socket ${NOTIFY_SOCKET-none}; " + kObedient),
                 {.environment = {{"NOTIFY_SOCKET", manager.address()},
                                  {"WATCHDOG_USEC", "100000"}}});
    EXPECT_TRUE(manager.hears("STATUS=elected, "));
    EXPECT_TRUE(manager.hears("READY=1"));
    EXPECT_TRUE(manager.hears("WATCHDOG=1"));
    EXPECT_TRUE(manager.hears("WATCHDOG=1"));
    tool.await_line("socket none");
    await_ready(tool);
    tool.signal(SIGTERM);
    EXPECT_TRUE(manager.hears("STOPPING=1\nEXTEND_TIMEOUT_USEC="));
    EXPECT_EQ(tool.wait().code, 0);
  }
}

TEST(Candidate, answers_no_watchdog_that_watches_another_process) {
  const LocalStore store;
  Manager manager(store.file("notify"));
  Process tool(store.run(kObedient), {.environment = {{"NOTIFY_SOCKET", manager.address()},
                                                      {"WATCHDOG_USEC", "100000"},
                                                      {"WATCHDOG_PID", "1"}}});
  await_ready(tool);
  tool.signal(SIGTERM);
  EXPECT_EQ(tool.wait().code, 0);
  EXPECT_TRUE(manager.hears("STOPPING=1"));
  EXPECT_EQ(manager.heard().find("WATCHDOG"), std::string::npos) << manager.heard();
}

}  // namespace
}  // namespace mongoelector::test
