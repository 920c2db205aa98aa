// The master of an election on a three-node set is killed, alone and together with the primary.
#include <chrono>
#include <thread>

#include "bench/bench.h"
#include "bench/process.h"
#include "support/replica_set.h"

namespace mongoelector::bench {

namespace {

constexpr int kRounds = 3;
constexpr const char* kTtl = "5";

struct Takeover {
  double seconds = 0;
  double election = 0;  // of the new primary
};

Takeover run(test::ReplicaSet& set, const std::string& key, bool primary_too) {
  const std::string uri = set.uri("ours");
  Process leader = start_role({"candidate", uri, key, kTtl});
  leader.read_number();
  leader.read_number();
  Process follower = start_role({"candidate", uri, key, kTtl});
  follower.read_number();
  std::this_thread::sleep_for(std::chrono::seconds(2));  // a renewal or two
  const int primary = set.await_primary();
  Takeover takeover;
  const long long cause = monotonic_ns();
  leader.kill();
  if (primary_too) {
    set.kill(primary);
    set.await_primary(primary);
    takeover.election = static_cast<double>(monotonic_ns() - cause) / 1e9;
  }
  takeover.seconds = static_cast<double>(follower.read_number() - cause) / 1e9;
  if (primary_too) {
    set.restart(primary);
    set.await_all();
  }
  return takeover;
}

}  // namespace

Group measure_failover() {
  test::ReplicaSet set;
  Sample alone;
  Sample together;
  Sample election;
  for (int round = 0; round < kRounds; ++round) {
    const std::string key = "bench " + std::to_string(round);
    alone.add(run(set, key + " alone", false).seconds);
    const Takeover takeover = run(set, key, true);
    together.add(takeover.seconds);
    election.add(takeover.election);
  }
  const std::string of = " of " + std::to_string(kRounds);
  Group group{"failover"};
  group.figures.push_back({.what = "takeover after kill -9 of the master, three nodes, ttl 5 s",
                           .reached = "worst " + text_of(alone.worst(), "s") + of,
                           .target = "<= ttl + one poll (1 s) = 6 s",
                           .met = alone.worst() <= 6});
  group.figures.push_back(
      {.what = "the same, the primary killed together with it",
       .reached = "worst " + text_of(together.worst(), "s") + of,
       .beside = "a primary elected after " + text_of(election.worst(), "s") + " at worst",
       // Its new primary did not write the expiry, so the lease must be seen standing still for a
       // ttl and a percent, from that election on; the poll leaves time to notice it.
       .target = "<= ttl + one poll + that election = " + text_of(6 + election.worst(), "s"),
       .met = together.worst() <= 6 + election.worst()});
  return group;
}

}  // namespace mongoelector::bench
