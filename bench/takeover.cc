// Elections on one MongoDB node change hands: by a crash and by a clean stop, ours and the Python
// package's at the same moments on the same server.
#include <chrono>
#include <thread>

#include "bench/bench.h"
#include "bench/process.h"
#include "support/mongod.h"

namespace mongoelector::bench {

namespace {

constexpr int kTtlSeconds = 5;
constexpr int kEach = 6;

// A leader and a follower of one key.
class Election {
 public:
  using Start = Process (*)(const std::vector<std::string>&);
  Election(Start start, const std::string& uri, const std::string& key)
      : leader_(start({"candidate", uri, key, std::to_string(kTtlSeconds)})),
        follower_(after_two(leader_, start, uri, key)) {
    follower_.read_number();
  }
  void kill() {
    cause_ = monotonic_ns();
    leader_.kill();
  }
  void stop() { leader_.close_stdin(); }
  // Seconds until the follower leads.
  double await() {
    const long long led = follower_.read_number();
    if (cause_ == 0) cause_ = leader_.read_number();
    return static_cast<double>(led - cause_) / 1e9;
  }

 private:
  static Process after_two(Process& leader, Start start, const std::string& uri,
                           const std::string& key) {
    leader.read_number();
    leader.read_number();
    return start({"candidate", uri, key, std::to_string(kTtlSeconds)});
  }

  Process leader_;
  Process follower_;
  long long cause_ = 0;
};

struct Side {
  Election::Start start;
  std::string uri;
  std::vector<Election> elections = {};
  Sample seconds = {};

  void begin_one() {
    elections.emplace_back(start, uri, "bench " + std::to_string(elections.size()));
  }
  void await_all() {
    for (Election& election : elections) seconds.add(election.await());
    elections.clear();
  }
};

std::string show(const Sample& seconds) {
  return "p50 " + text_of(seconds.p50(), "s") + ", worst " + text_of(seconds.worst(), "s") +
         " of " + std::to_string(seconds.size());
}

void begin_all(Side& ours, Side& theirs) {
  ours.seconds = theirs.seconds = {};
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kEach; ++i) {
    ours.begin_one();
    theirs.begin_one();
    // A step that spreads the moments at which followers poll evenly over a ttl.
    std::this_thread::sleep_until(begin + (i + 1) * std::chrono::seconds(kTtlSeconds) * 11 / 30);
  }
}

}  // namespace

Group measure_takeover() {
  const auto server = test::Mongod::replica_set();
  // As by default; in tests it comes by every second.
  server->run_command(R"({"setParameter": 1, "ttlMonitorSleepSecs": 60})");
  Side ours{start_role, server->uri("ours")};
  Side theirs{start_partner, server->uri("theirs")};
  Group group{"takeover"};

  begin_all(ours, theirs);
  for (Side* side : {&ours, &theirs})
    for (Election& election : side->elections) election.stop();
  ours.await_all();
  theirs.await_all();
  const double handed = theirs.seconds.p50() / ours.seconds.p50();
  group.figures.push_back({.what = "hand-over of an election after a clean stop, MongoDB, ttl 5 s",
                           .reached = text_of(ours.seconds.p50() * 1000, "ms") + " = 1/" +
                                      text_of(handed, "of it"),
                           .beside = "Python 1.0.2 " + show(theirs.seconds),
                           .target = "<= 1/30",
                           .met = handed >= 30});

  begin_all(ours, theirs);
  // The Python package waits for the server's TTL monitor, which comes by once a minute. Two
  // moments half a minute apart leave nothing to the luck of the phase.
  for (int half = 0; half < 2; ++half) {
    if (half == 1) std::this_thread::sleep_for(std::chrono::seconds(30));
    for (Side* side : {&ours, &theirs})
      for (std::size_t i = 0; i < kEach; ++i)
        if (static_cast<int>(i) % 2 == half) side->elections[i].kill();
  }
  ours.await_all();
  theirs.await_all();
  const double worst = ours.seconds.worst();
  group.figures.push_back({.what = "takeover after kill -9 of the master, MongoDB, ttl 5 s",
                           .reached = show(ours.seconds),
                           .target = "<= ttl + one poll (1 s) = 6 s",
                           .met = worst <= 6});
  const double ratio = theirs.seconds.p50() / ours.seconds.p50();
  group.figures.push_back({.what = "the same beside the Python package, p50",
                           .reached = "1/" + text_of(ratio, "of it"),
                           .beside = "Python 1.0.2 " + show(theirs.seconds),
                           .target = "<= 1/3",
                           .met = ratio >= 3});
  return group;
}

}  // namespace mongoelector::bench
