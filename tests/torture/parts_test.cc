// The parts of the torture that a run alone would not show to be right.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "support/temp_dir.h"
#include "torture/program/evidence.h"
#include "torture/program/registers.h"
#include "torture/program/schedule.h"
#include "torture/program/verdict.h"

namespace mongoelector::torture {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(Schedule, is_the_same_for_the_same_seed_and_another_for_another) {
  const auto key = [](const Schedule& schedule) {
    std::vector<std::int64_t> all;
    for (const auto* faults : {&schedule.clients, &schedule.store})
      for (const Fault& fault : *faults)
        all.insert(all.end(), {fault.at_ms, fault.for_ms, static_cast<std::int64_t>(fault.kind),
                               fault.target, static_cast<std::int64_t>(fault.role)});
    return all;
  };
  for (const std::string& mix : mixes()) {
    for (const Store store : {Store::sqlite, Store::mongodb}) {
      const auto first = key(draw_schedule(7, mix, store, 60'000));
      EXPECT_EQ(first, key(draw_schedule(7, mix, store, 60'000))) << mix;
      EXPECT_NE(first, key(draw_schedule(8, mix, store, 60'000))) << mix;
      EXPECT_GE(first.size(), 15u * 5) << mix << ": too quiet";
    }
  }
  EXPECT_THROW(draw_schedule(7, "peace", Store::sqlite, 60'000), std::invalid_argument);
}

TEST(Schedule, comes_to_every_kind_of_fault_in_time) {
  std::set<FaultKind> kinds;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (const Store store : {Store::sqlite, Store::mongodb}) {
      const Schedule schedule = draw_schedule(seed, "everything", store, 60'000);
      for (const auto* faults : {&schedule.clients, &schedule.store})
        for (const Fault& fault : *faults) kinds.insert(fault.kind);
    }
  }
  EXPECT_EQ(kinds.size(), kFaultKinds);
}

TEST(Evidence, outlives_kill_9) {
  const test::TempDir dir;
  const pid_t pid = fork();
  if (pid == 0) {
    Evidence evidence(dir.path(), {.name = "worker-1", .pid = getpid(), .parent = getppid()});
    TermRecord* term = evidence.add_term(Subject::election, 5, 100);
    Evidence::still_valid(term, 170);
    evidence.told(Subject::election, 5, 180);
    evidence.add_write(Register::fenced, 5, 1);
    Evidence::settle(evidence.add_write(Register::fenced, 5, 2), WriteState::accepted, 160);
    kill(getpid(), SIGKILL);
  }
  waitpid(pid, nullptr, 0);
  const auto all = read_all_evidence(dir.path());
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].identity.pid, pid);
  ASSERT_EQ(all[0].terms.size(), 1u);
  EXPECT_EQ(all[0].terms[0].end, 170);
  EXPECT_EQ(all[0].terms[0].told, std::vector<std::int64_t>{180});
  ASSERT_EQ(all[0].writes.size(), 2u);
  EXPECT_EQ(all[0].writes[0].state, WriteState::unknown) << "nobody knows whether it was done";
  EXPECT_EQ(all[0].writes[1].state, WriteState::accepted);
}

TEST(FencedRegister, refuses_an_older_holder_once_a_newer_one_has_read_it) {
  const test::TempDir dir;
  std::filesystem::create_directory(dir.file("evidence"));
  make_registers(dir.path());
  Evidence evidence(dir.file("evidence"), {.name = "a", .pid = 1});
  Registers older(dir.path(), evidence);
  Registers newer(dir.path(), evidence);
  EXPECT_TRUE(older.add_one_fenced(1, 0));
  EXPECT_TRUE(newer.add_one_fenced(2, 0));
  EXPECT_FALSE(older.add_one_fenced(1, 0));
  EXPECT_EQ(value_of(dir.path(), Register::fenced), 2u);
}

// Two workers, one after the other, and the file for the checker.
class VerdictOf : public testing::Test {
 protected:
  static Seen worker(int number, std::int64_t start, std::int64_t end, bool told = true) {
    Seen seen{.identity = {.name = Clients::name(number - 1), .pid = 1000 + number}};
    SeenTerm term{.token = static_cast<std::uint64_t>(number), .start = start, .end = end};
    if (told) term.told.push_back(end);
    seen.terms.push_back(std::move(term));
    return seen;
  }
  static Injected kill_of_first(std::int64_t at) {
    return {.kind = FaultKind::kill, .target = 0, .begin = at, .end = at, .killed = 1001};
  }
  Outcome judged(std::vector<Seen> seen, std::vector<Injected> injected) const {
    Outcome outcome;
    outcome.takeover_bound = 3;
    const Material material{.seen = std::move(seen),
                            .injected = std::move(injected),
                            .ttl = std::chrono::seconds(2)};
    judge(material, dir_.file("history"), outcome);
    return outcome;
  }

  const test::TempDir dir_;
};

TEST_F(VerdictOf, one_after_the_other_is_good) {
  const Outcome outcome =
      judged({worker(1, kSecond, 2 * kSecond), worker(2, 4 * kSecond, 5 * kSecond)},
             {kill_of_first(2 * kSecond)});
  EXPECT_TRUE(outcome.violations.empty()) << outcome.violations.at(0);
  ASSERT_EQ(outcome.takeovers.size(), 1u);
  EXPECT_EQ(outcome.takeovers[0], 2);
}

TEST_F(VerdictOf, two_at_once_is_not) {
  EXPECT_EQ(judged({worker(1, kSecond, 3 * kSecond), worker(2, 2 * kSecond, 5 * kSecond)}, {})
                .violations.size(),
            1u);
}

TEST_F(VerdictOf, an_end_that_nobody_was_told_is_bad_unless_he_was_killed) {
  const std::vector<Seen> untold{worker(1, kSecond, 2 * kSecond, false)};
  EXPECT_EQ(judged(untold, {}).violations.size(), 1u);
  EXPECT_TRUE(judged(untold, {kill_of_first(2 * kSecond)}).violations.empty());
}

TEST_F(VerdictOf, a_late_takeover_is_bad_unless_something_else_went_on) {
  const std::vector<Seen> seen{worker(1, kSecond, 2 * kSecond, false),
                               worker(2, 6 * kSecond, 7 * kSecond)};
  EXPECT_EQ(judged(seen, {kill_of_first(2 * kSecond)}).violations.size(), 1u);
  const Injected busy{.kind = FaultKind::busy, .begin = 2 * kSecond, .end = 5 * kSecond};
  EXPECT_TRUE(judged(seen, {kill_of_first(2 * kSecond), busy}).violations.empty());
}

TEST_F(VerdictOf, a_command_counts_only_as_far_as_its_guardian_could_kill_it) {
  const int runner = kWorkers;
  Seen command = worker(1, kSecond, 5 * kSecond, false);
  command.identity = {.name = Clients::name(runner), .child = true, .pid = 7};
  const std::vector<Seen> seen{command, worker(2, 4 * kSecond, 6 * kSecond)};
  EXPECT_EQ(judged(seen, {}).violations.size(), 1u);
  const Injected held_up{.kind = FaultKind::stop, .target = runner, .role = Role::guardian,
                         .begin = 2 * kSecond, .end = 5 * kSecond, .held_up_guardian = true};
  const Outcome outcome = judged(seen, {held_up});
  EXPECT_TRUE(outcome.violations.empty());
  EXPECT_EQ(outcome.excused, 1u);
}

}  // namespace
}  // namespace mongoelector::torture
