// The torture itself: what it does to processes it really does, what it should find it finds, and
// what this machine cannot do it says.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "support/content.h"
#include "support/eventually.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace mongoelector::test {
namespace {

using Json = nlohmann::json;

// A run that is under way.
class Torture {
 public:
  explicit Torture(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), TORTURE);
    arguments.insert(arguments.end(), {"--json", dir_.file("report")});
    process_ = std::make_unique<Process>(arguments);
  }
  // One that nobody waited for has groups and networks to clean up.
  ~Torture() {
    process_->signal(SIGTERM);
    eventually([&] { return !process_->running(); });
  }
  Finished finish() {
    eventually([&] { return !process_->running(); }, std::chrono::minutes(5));
    return process_->wait();
  }
  Json report() const {
    std::ifstream in(dir_.file("report"));
    return Json::parse(in, nullptr, false);
  }

 private:
  const TempDir dir_;
  std::unique_ptr<Process> process_;
};

std::vector<std::string> run_of(const std::string& store, int seconds, int seed,
                                const std::string& mix) {
  return {"--store", store, "--seconds", std::to_string(seconds), "--seed", std::to_string(seed),
          "--mix",   mix};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void expect_kept_promises(Torture& torture) {
  const Finished finished = torture.finish();
  EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
  const Json report = torture.report();
  ASSERT_TRUE(report.is_object()) << finished.out << finished.err;
  EXPECT_TRUE(report["violations"].empty()) << finished.out;
  EXPECT_GE(report["terms"], 10);
  EXPECT_GE(report["fenced_updates"], 20);
  EXPECT_GE(report["faults"], 3);
  EXPECT_EQ(report["fenced_lost"], 0);
  EXPECT_GE(report["takeovers"], 1);
}

// Most of the time of a run is waiting, so they run side by side.
class Tortures : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    mongodb = std::make_unique<Torture>(run_of("mongodb", 8, 3, "everything"));
    sqlite = std::make_unique<Torture>(run_of("sqlite", 8, 3, "everything"));
    std::vector<std::string> arguments = run_of("sqlite", 16, 2, "pauses");
    arguments.insert(arguments.end(), {"--bug", "slow_clock"});
    slow_clock = std::make_unique<Torture>(arguments);
  }
  static void TearDownTestSuite() {
    mongodb.reset();
    sqlite.reset();
    slow_clock.reset();
  }

  static std::unique_ptr<Torture> mongodb;
  static std::unique_ptr<Torture> sqlite;
  static std::unique_ptr<Torture> slow_clock;
};

std::unique_ptr<Torture> Tortures::mongodb;
std::unique_ptr<Torture> Tortures::sqlite;
std::unique_ptr<Torture> Tortures::slow_clock;

TEST_F(Tortures, find_who_claims_to_hold_what_he_gave_back_and_says_how_to_do_it_again) {
  std::vector<std::string> arguments = run_of("sqlite", 3, 7, "everything");
  arguments.insert(arguments.end(), {"--bug", "lies", "--without", "freezer,cpu,kill,network"});
  Torture torture(arguments);
  const Finished finished = torture.finish();
  EXPECT_EQ(finished.code, 1) << finished.out << finished.err;
  EXPECT_TRUE(contains(finished.out, "VIOLATION: promise 1")) << finished.out;
  EXPECT_TRUE(contains(finished.out, "torture --store sqlite --seed 7 --seconds 3 --mix everything "
                                     "--bug lies --without freezer,cpu,kill,network"))
      << finished.out;
  // Whatever this machine can do: here it was not to.
  EXPECT_TRUE(contains(finished.out, "THIS MACHINE CANNOT: freezer")) << finished.out;
  const Json report = torture.report();
  EXPECT_EQ(report["missing_facilities"].size(), 3u) << report.dump();
}

TEST_F(Tortures, find_a_deadline_that_comes_too_late) {
  const Finished finished = slow_clock->finish();
  EXPECT_EQ(finished.code, 1) << finished.out << finished.err;
  EXPECT_TRUE(contains(finished.out, "VIOLATION: promise 1")) << finished.out;
}

TEST_F(Tortures, find_every_promise_kept_on_sqlite) { expect_kept_promises(*sqlite); }

TEST_F(Tortures, find_every_promise_kept_on_mongodb) { expect_kept_promises(*mongodb); }

// Of processes that have `text` in their command line.
int processes_with(const std::string& text) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc"))
    if (contains(content(entry.path() / "cmdline"), text)) ++count;
  return count;
}

TEST(TortureToldToEnd, leaves_nothing_behind) {
  const TempDir dir;
  Process torture({TORTURE, "--seconds", "600"}, {.environment = {{"TMPDIR", dir.path()}}});
  // Five workers, three runners, and at least one command.
  ASSERT_TRUE(eventually([&] { return processes_with(dir.path()) >= 9; }));
  torture.signal(SIGTERM);
  EXPECT_EQ(torture.wait().code, 2);
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
  EXPECT_EQ(processes_with(dir.path()), 0);
}

TEST(Stress, loses_no_addition_of_threads_and_processes) {
  const Finished finished = run_process(
      {TORTURE, "stress", "--threads", "6", "--processes", "3", "--acquisitions", "40"});
  EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
  EXPECT_TRUE(contains(finished.out, "counted 360 of 360")) << finished.out;
}

}  // namespace
}  // namespace mongoelector::test
