// acquire + release on MongoDB: ours, the bare driver's, and the Python package's, in turns.
#include <array>

#include "bench/bare.h"
#include "bench/bench.h"
#include "bench/process.h"
#include "support/mongod.h"

namespace mongoelector::bench {

namespace {

constexpr int kWarmUp = 50;
constexpr int kRounds = 1500;

}  // namespace

Group measure_pair() {
  const auto server = test::Mongod::replica_set();
  BareClient bare(server->uri("ours"));
  bare.index_pairs();
  MongoLocker lock(connect(server->uri("ours")), "bench");
  Process python = start_partner({"locker", server->uri("theirs")});

  enum { kOurs, kBare, kPython, kAll };
  std::array<Sample, kAll> times;
  const auto run = [&](int who) {
    if (who == kBare) return timed([&] { bare.pair(); });
    if (who == kOurs) {
      return timed([&] {
        lock.acquire();
        lock.release();
      });
    }
    python.tell("pair");
    return static_cast<double>(python.read_number()) / 1e6;
  };
  // What a pair costs depends on where in the server's journal cycle it begins, so on what came
  // right before it: every order of the three has its turn.
  constexpr std::array<std::array<int, kAll>, 6> kOrders{{{kOurs, kBare, kPython},
                                                          {kBare, kOurs, kPython},
                                                          {kOurs, kPython, kBare},
                                                          {kBare, kPython, kOurs},
                                                          {kPython, kOurs, kBare},
                                                          {kPython, kBare, kOurs}}};
  for (int round = 0; round < kRounds + kWarmUp; ++round) {
    for (const int who : kOrders[static_cast<std::size_t>(round) % kOrders.size()]) {
      const double ms = run(who);
      if (round >= kWarmUp) times[static_cast<std::size_t>(who)].add(ms);
    }
  }

  Group group{"pair"};
  const auto compare = [&](const char* name, double q, int with, const char* beside, double most) {
    const double ours = times[kOurs].quantile(q);
    const double theirs = times[static_cast<std::size_t>(with)].quantile(q);
    group.figures.push_back(
        {.what = std::string("acquire + release, MongoDB, ") + name,
         .reached = text_of(ours, "ms") + " = " + text_of(ours / theirs, "x"),
         .beside = std::string(beside) + " " + text_of(theirs, "ms"),
         .target = "<= " + text_of(most, "x"),
         .met = ours / theirs <= most});
  };
  compare("p50", 0.5, kBare, "bare driver", 1.05);
  compare("p99", 0.99, kBare, "bare driver", 1.2);
  compare("p50", 0.5, kPython, "Python 1.0.2", 1.0);
  return group;
}

}  // namespace mongoelector::bench
