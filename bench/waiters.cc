// Two hundred waiters want one lock on MongoDB: what each release sets off at the store.
#include <chrono>
#include <thread>

#include "bench/bare.h"
#include "bench/bench.h"
#include "bench/process.h"
#include "support/mongod.h"

namespace mongoelector::bench {

namespace {

constexpr int kProcesses = 20;
constexpr int kWaiters = 200;
constexpr std::chrono::seconds kSpan{6};

struct Counts {
  double claims = 0;
  double reads = 0;
  double releases = 0;
};

Counts counts(BareClient& bare) {
  return {.claims = static_cast<double>(bare.executed("findAndModify")),
          .reads = static_cast<double>(bare.executed("find")),
          .releases = static_cast<double>(bare.executed("delete"))};
}

// Of `sessions` sessions, as many as there are processes in the field, with all waiters on them.
void measure_crowd(Group& group, int sessions) {
  const auto server = test::Mongod::replica_set();
  std::vector<Process> crowd;
  for (int i = 0; i < kProcesses; ++i) {
    crowd.push_back(start_role({"crowd", server->uri("ours"), std::to_string(sessions / kProcesses),
                                std::to_string(kWaiters / sessions)}));
  }
  for (Process& process : crowd) process.read_number();
  std::this_thread::sleep_for(std::chrono::seconds(2));
  BareClient bare(server->uri("ours"));
  const Counts before = counts(bare);
  std::this_thread::sleep_for(kSpan);
  const Counts after = counts(bare);
  const double releases = after.releases - before.releases;
  const double claims = (after.claims - before.claims) / releases;
  const double reads = (after.reads - before.reads) / releases;
  const std::string of = std::to_string(sessions);
  group.figures.push_back(
      {.what = "200 waiters of one lock, " + of + " sessions: tries a release",
       .reached = text_of(claims, "claims, ") + text_of(reads, "reads"),
       .beside = std::to_string(static_cast<int>(releases)) + " releases, each held 50 ms",
       .target = "<= 1 claim, 2 reads a session: " + of + ", " + std::to_string(2 * sessions),
       .met = claims <= sessions && reads <= 2 * sessions});
}

}  // namespace

Group measure_waiters() {
  Group group{"waiters"};
  measure_crowd(group, kProcesses);
  measure_crowd(group, kWaiters);
  return group;
}

}  // namespace mongoelector::bench
