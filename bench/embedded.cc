// SQLite between processes: takeover after kill -9, hand-over after a clean stop, an idle follower;
// and a lock beside plain transactions.
#include "bench/bench.h"
#include "bench/candidate.h"
#include "bench/plain_sqlite.h"
#include "bench/process.h"
#include "support/temp_dir.h"

namespace mongoelector::bench {

namespace {

constexpr int kRounds = 100;

std::string show(const Sample& ms) {
  return "p50 " + text_of(ms.p50(), "ms") + ", p99 " + text_of(ms.p99(), "ms") + " of " +
         std::to_string(ms.size());
}

void measure_takeovers(Group& group, const std::string& uri) {
  Sample crash;
  Sample clean;
  Candidate follower(uri, "bench", std::chrono::seconds(15));
  for (int round = 0; round < 2 * kRounds; ++round) {
    const bool killed = round % 2 == 0;
    Process leader = start_role({"candidate", uri, "bench", "15"});
    leader.read_number();
    leader.read_number();
    follower.follow();
    long long cause = 0;
    if (killed) {
      cause = monotonic_ns();
      leader.kill();
    } else {
      leader.close_stdin();
      cause = leader.read_number();
    }
    const double ms = static_cast<double>(follower.await_lead() - cause) / 1e6;
    (killed ? crash : clean).add(ms);
    leader.wait();
    follower.stop();
  }
  group.figures.push_back({.what = "takeover after kill -9, SQLite, ttl 15 s",
                           .reached = show(crash),
                           .target = "p99 <= 50 ms",
                           .met = crash.p99() <= 50});
  group.figures.push_back({.what = "hand-over after a clean stop, SQLite",
                           .reached = show(clean),
                           .target = "p99 <= 20 ms",
                           .met = clean.p99() <= 20});
}

void measure_idler(Group& group, const std::string& uri) {
  Process leader = start_role({"candidate", uri, "bench", "15"});
  leader.read_number();
  Process idler = start_role({"idler", uri, "bench", "15", "10"});
  const double cpu_ms = static_cast<double>(idler.read_number()) / 1e3;
  group.figures.push_back({.what = "CPU of an idle follower in 10 s, SQLite, ttl 15 s",
                           .reached = text_of(cpu_ms, "ms"),
                           .target = "not measurable: < 10 ms (0.1 %)",
                           .met = cpu_ms < 10});
}

void measure_throughput(Group& group, const test::TempDir& folder) {
  PlainSqlite plain(folder.file("plain.db"));
  MongoLocker lock(connect("sqlite:" + folder.file("locks.db")), "bench");
  Sample ours;
  Sample theirs;
  constexpr int kBlocks = 50;
  constexpr int kPairs = 100;
  for (int block = 0; block < kBlocks; ++block) {
    ours.add(timed([&] {
               for (int i = 0; i < kPairs; ++i) {
                 lock.lock();
                 lock.unlock();
               }
             }) / kPairs);
    theirs.add(timed([&] {
                 for (int i = 0; i < kPairs; ++i) plain.pair();
               }) / kPairs);
  }
  const auto a_second = [](const Sample& ms) { return text_of(1000 / ms.p50(), "a second"); };
  group.figures.push_back(
      {.what = "lock + unlock, SQLite, one process",
       .reached = a_second(ours) + " = 1/" + text_of(ours.p50() / theirs.p50(), "of it"),
       .beside = "two plain transactions: " + a_second(theirs)});
}

}  // namespace

Group measure_embedded() {
  Group group{"embedded"};
  const test::TempDir folder;
  const std::string uri = "sqlite:" + folder.file("leases.db");
  measure_takeovers(group, uri);
  measure_idler(group, uri);
  measure_throughput(group, folder);
  return group;
}

}  // namespace mongoelector::bench
