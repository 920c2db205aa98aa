// acquire + release on MongoDB: ours, the bare driver's, and the Python package's, in turns.
//
// The bare driver twice: with the commands that ours sends, which is what the library around them
// costs, and with the cheapest ones that could do, which is what the server's clock and the rule of
// who may take a lock cost as well.
#include <algorithm>
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

  enum { kOurs, kSame, kCheapest, kPython, kAll };
  std::array<Sample, kAll> times;
  const auto run = [&](int who) {
    if (who == kSame) return timed([&] { bare.pair_as_ours(); });
    if (who == kCheapest) return timed([&] { bare.pair(); });
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
  // right before it: every order of them has its turn.
  std::array<int, kAll> order{kOurs, kSame, kCheapest, kPython};
  for (int round = 0; round < kRounds + kWarmUp; ++round) {
    for (const int who : order) {
      const double ms = run(who);
      if (round >= kWarmUp) times[static_cast<std::size_t>(who)].add(ms);
    }
    std::next_permutation(order.begin(), order.end());
  }

  Group group{"pair"};
  const auto compare = [&](const char* name, double q, int with, const char* beside,
                           std::optional<double> most) {
    const double ours = times[kOurs].quantile(q);
    const double theirs = times[static_cast<std::size_t>(with)].quantile(q);
    Figure figure{.what = std::string("acquire + release, MongoDB, ") + name,
                  .reached = text_of(ours, "ms") + " = " + text_of(ours / theirs, "x"),
                  .beside = std::string(beside) + " " + text_of(theirs, "ms")};
    if (most) {
      figure.target = "<= " + text_of(*most, "x");
      figure.met = ours / theirs <= *most;
    }
    group.figures.push_back(std::move(figure));
  };
  constexpr char kSameCommands[] = "bare driver, the same commands";
  compare("p50", 0.5, kSame, kSameCommands, 1.05);
  compare("p99", 0.99, kSame, kSameCommands, 1.2);
  compare("p50", 0.5, kCheapest, "bare driver, a replacement with the client's clock", {});
  compare("p50", 0.5, kPython, "Python 1.0.2", 1.0);
  return group;
}

}  // namespace mongoelector::bench
