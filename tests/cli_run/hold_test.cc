// What `lock` tells while and after it holds: how long, until when, and how it ended.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/contract.h"
#include "cli/supervised.h"
#include "cli/terminal.h"
#include "support/eventually.h"

namespace mongoelector::test {
namespace {

using nlohmann::json;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

double boottime() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

TEST(Hold, keeps_the_lock_for_a_while_after_a_quick_command) {
  const LocalStore store;
  const auto began = steady_clock::now();
  Process tool(store.lock("echo done; exit 6", {"--at-least", "400ms"}));
  tool.await_line("done");
  EXPECT_EQ(run_process(store.lock("true", {"-n"})).code, 75);
  EXPECT_EQ(tool.wait().code, 6);
  EXPECT_GE(steady_clock::now() - began, 400ms);
  EXPECT_FALSE(store.record(Kind::lock));
}

TEST(Hold, is_not_kept_on_by_a_signal) {
  const LocalStore store;
  Process tool(store.lock("echo done; exit 6", {"--at-least", "1h"}));
  tool.await_line("done");
  tool.signal(SIGTERM);
  // Before the command has been reaped the signal is for it, and so is its exit code.
  EXPECT_TRUE(eventually([&] {
    if (tool.running()) tool.signal(SIGTERM);
    return !tool.running();
  }));
  EXPECT_FALSE(store.record(Kind::lock));
}

TEST(Hold, ends_a_command_that_takes_too_long_with_81) {
  const LocalStore store;
  Process tool(store.lock(kStubborn, {"--max-hold", "300ms", "--grace", "2s"}));
  const pid_t pid = await_ready(tool);
  tool.await_line("got TERM");
  const Finished finished = tool.wait();
  EXPECT_EQ(finished.code, 81);
  EXPECT_TRUE(gone(pid));
  EXPECT_NE(finished.err.find("--max-hold 300ms is over; stopping pid"), std::string::npos)
      << finished.err;
  EXPECT_FALSE(store.record(Kind::lock));
}

// What MONGOELECTOR_REPORT_FILE holds after `lock a FLAGS -- sh -c SCRIPT`.
json report_of(const LocalStore& store, const std::vector<std::string>& command, int code) {
  const std::string file = store.file("report");
  unlink(file.c_str());
  const Finished finished =
      run_process(command, {.environment = {{"MONGOELECTOR_REPORT_FILE", file}}});
  EXPECT_EQ(finished.code, code) << finished.err;
  const std::string line = content(file);
  EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
  const json report = document_of(line, "mongoelector.report/1");
  EXPECT_EQ(report.at("exit_code"), code);
  EXPECT_EQ(report.at("name"), "a");
  EXPECT_EQ(report.at("kind"), "lock");
  return report;
}

TEST(Hold, reports_why_it_ended) {
  const LocalStore store;
  json report = report_of(store, store.lock("exit 75"), 75);
  EXPECT_EQ(report.at("cause"), "child_exit");
  EXPECT_EQ(report.at("child_exit_code"), 75);
  EXPECT_TRUE(report.at("token").is_string());
  report = report_of(store, store.lock("kill -9 $$"), 137);
  EXPECT_EQ(report.at("cause"), "child_signal");
  EXPECT_EQ(report.at("child_signal"), 9);
  report = report_of(store, store.command("lock", {"a", "--", "no-such-program"}), 127);
  EXPECT_EQ(report.at("cause"), "cannot_run");
  report = report_of(
      store, store.lock("trap '' TERM; while :; do sleep 0.02; done",
                        {"--max-hold", "50ms", "--grace", "50ms"}),
      81);
  EXPECT_EQ(report.at("cause"), "max_hold");
  EXPECT_EQ(report.at("child_exit_code"), 137);
  report = report_of(store, store.lock("true", {"--ttl", "3s", "--grace", "3s"}), 78);
  EXPECT_EQ(report.at("cause"), "config");
  EXPECT_TRUE(report.at("token").is_null());
  EXPECT_TRUE(report.at("message").is_string());
  Process holder(store.lock(kObedient));
  await_ready(holder);
  report = report_of(store, store.lock("true", {"-n"}), 75);
  EXPECT_EQ(report.at("cause"), "busy");
  EXPECT_TRUE(report.at("child_exit_code").is_null());
}

TEST(Hold, reports_the_loss_of_a_lease_and_a_signal_while_waiting) {
  const LocalStore store;
  const std::string file = store.file("report");
  const ProcessOptions reported{.environment = {{"MONGOELECTOR_REPORT_FILE", file}}};
  Process lost(store.lock(kObedient, {"--ttl", "2s", "--grace", "100ms"}), reported);
  await_ready(lost);
  store.break_lease(Kind::lock);
  EXPECT_EQ(lost.wait().code, 80);
  EXPECT_EQ(json::parse(content(file)).at("cause"), "lease_lost");

  Process holder(store.lock(kObedient));
  await_ready(holder);
  Process waiter(store.lock("true"), reported);
  waiter.await_error_line("waiting");
  waiter.signal(SIGINT);
  EXPECT_EQ(waiter.wait().code, 130);
  EXPECT_EQ(json::parse(content(file)).at("cause"), "interrupted");
}

TEST(Hold, reports_a_store_that_is_not_there) {
  const LocalStore store;
  const json report = report_of(
      store,
      tool_command({"--uri", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200", "lock", "a",
                    "--", "true"}),
      69);
  EXPECT_EQ(report.at("cause"), "store");
}

TEST(Hold, reports_to_a_descriptor_that_the_command_does_not_get) {
  const LocalStore store;
  std::string line = MONGOELECTOR_CLI;
  line += " --uri " + store.uri() + " lock a --report-fd 3 -c 'echo x >&3 && exit 5; exit 4' 3>" +
          store.file("report");
  const Finished finished = run_process({"sh", "-c", line});
  EXPECT_EQ(finished.code, 4) << finished.err;
  EXPECT_EQ(json::parse(content(store.file("report"))).at("child_exit_code"), 4);
  EXPECT_EQ(run_process(store.lock("true", {"--report-fd", "77"})).code, 64);
}

TEST(Hold, a_nested_command_does_not_report_for_us) {
  const LocalStore store;
  const json report =
      report_of(store, store.lock("test -z \"$MONGOELECTOR_REPORT_FILE\""), 0);
  EXPECT_EQ(report.at("cause"), "child_exit");
}

TEST(Hold, keeps_a_file_that_says_how_long_the_lease_is_certain) {
  const LocalStore store;
  Process tool(store.lock("echo file $MONGOELECTOR_LEASE_FILE; " + kObedient,
                          {"--ttl", "1s", "--grace", "50ms"}));
  const std::string file = tool.await_line("file").substr(5);
  await_ready(tool);
  const auto read = [&] { return document_of(content(file), "mongoelector.lease_file/1"); };
  const json first = read();
  EXPECT_EQ(first.at("name"), "a");
  EXPECT_EQ(first.at("ttl_seconds"), 1.0);
  const double until = first.at("valid_until_boottime");
  EXPECT_LE(until, boottime() + 1.0);
  EXPECT_TRUE(eventually([&] { return read().at("valid_until_boottime") > until; }))
      << "it does not follow the renewals";
  tool.signal(SIGTERM);
  tool.wait();
  EXPECT_NE(access(file.c_str(), F_OK), 0) << "it is there although the lease is not";
}

TEST(Hold, leaves_no_lease_file_behind_when_it_is_killed) {
  const LocalStore store;
  Process tool(store.lock("echo file $MONGOELECTOR_LEASE_FILE; " + kObedient));
  const std::string file = tool.await_line("file").substr(5);
  await_ready(tool);
  ASSERT_EQ(access(file.c_str(), F_OK), 0);
  tool.signal(SIGKILL);
  EXPECT_TRUE(eventually([&] { return access(file.c_str(), F_OK) != 0; }));
}

TEST(Hold, takes_the_lease_file_away_with_the_lease) {
  const LocalStore store;
  Process tool(store.lock("echo file $MONGOELECTOR_LEASE_FILE; trap 'test -e "
                          "$MONGOELECTOR_LEASE_FILE && echo there || echo gone; exit' TERM; "
                          "echo ready $$; while :; do sleep 0.02; done",
                          {"--ttl", "3s", "--grace", "500ms"}));
  await_ready(tool);
  store.break_lease(Kind::lock);
  tool.await_line("gone");
  EXPECT_EQ(tool.wait().code, 80);
}

TEST(Hold, names_a_process_that_escaped_from_the_group) {
  const LocalStore store;
  Process tool(store.lock("setsid sh -c 'echo ready $$; exec sleep 1000 >/dev/null 2>&1' & "
                          "while ! test -e " + store.file("go") +
                          "; do sleep 0.02; done; exit 3"));
  const pid_t stray = await_ready(tool);
  std::ofstream(store.file("go")) << "x";
  const Finished finished = tool.wait();
  EXPECT_EQ(finished.code, 3);
  EXPECT_NE(finished.err.find("pid " + std::to_string(stray) + " left the command's process group"),
            std::string::npos)
      << finished.err;
  EXPECT_FALSE(gone(stray));
  kill(stray, SIGKILL);
  EXPECT_TRUE(eventually([&] { return gone(stray); }));
}

// ---- in a terminal ----

TEST(HoldInTerminal, waits_with_one_line_that_changes) {
  const LocalStore store;
  Process holder(store.lock(kObedient, {"--as", "batch-1"}));
  await_ready(holder);
  InTerminal waiter(store.lock("echo ran"), 100);
  EXPECT_TRUE(waiter.await("waiting for lock \"a\": held by batch-1")) << waiter.seen();
  EXPECT_TRUE(waiter.await("waiting for lock \"a\" since 1s")) << waiter.seen();
  holder.signal(SIGTERM);
  EXPECT_TRUE(waiter.await("\r\x1b[Kmongoelector: acquired lock \"a\" after ")) << waiter.seen();
  EXPECT_EQ(waiter.wait(), 0);
}

TEST(HoldInTerminal, cuts_that_line_to_a_narrow_terminal) {
  const LocalStore store;
  Process holder(store.lock(kObedient));
  await_ready(holder);
  InTerminal waiter(store.lock("true"), 40);
  EXPECT_TRUE(waiter.await("mongoelector: waiting for lock \"a\": hel")) << waiter.seen();
  waiter.type("\x03");
  EXPECT_EQ(waiter.wait(), 130);
  EXPECT_EQ(waiter.seen().find("held by"), std::string::npos) << waiter.seen();
}

TEST(HoldInTerminal, lets_the_command_hear_ctrl_c) {
  const LocalStore store;
  InTerminal patient(store.lock("trap 'echo got it; exit 9' INT; echo ready; "
                                "while :; do sleep 0.02; done"));
  EXPECT_TRUE(patient.await("ready"));
  patient.type("\x03");
  EXPECT_EQ(patient.wait(), 9) << patient.seen();
}

TEST(HoldInTerminal, goes_on_renewing_while_the_command_is_suspended) {
  const LocalStore store;
  // A shell that starts programs all the time may be stopped in the middle of a vfork, in which it
  // neither stops nor hears anything.
  InTerminal tool(store.lock("trap 'exit 7' INT; sleep 60 & echo ready; wait",
                             {"--ttl", "1s", "--grace", "50ms"}));
  EXPECT_TRUE(tool.await("ready"));
  tool.type("\x1a");
  EXPECT_TRUE(tool.await("is suspended, the lease is renewed all the same")) << tool.seen();
  const auto version = store.record(Kind::lock)->version;
  EXPECT_TRUE(eventually([&] { return store.record(Kind::lock)->version > version; }));
  tool.type("\x03");
  EXPECT_EQ(tool.wait(), 7) << tool.seen();
}

}  // namespace
}  // namespace mongoelector::test
