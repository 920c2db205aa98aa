// What ismaster() and owned() cost.
#include <benchmark/benchmark.h>

#include <memory>

#include "bench/bench.h"

namespace mongoelector::bench {

namespace {

// Runs one Google Benchmark and keeps its time.
class Keeper : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) ns = run.GetAdjustedRealTime();
  }
  double ns = 0;
};

template <class Call>
double time_ns(const char* name, const Call& call) {
  benchmark::ClearRegisteredBenchmarks();
  benchmark::RegisterBenchmark(name, [&](benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(call());
  })->MinTime(0.2);
  Keeper keeper;
  benchmark::RunSpecifiedBenchmarks(&keeper);
  return keeper.ns;
}

}  // namespace

Group measure_answers() {
  Group group{"answers"};
  for (const bool shared : {false, true}) {
    const auto session = std::make_shared<Session>(
        make_memory_store(),
        ConnectOptions{.clock = shared ? make_shared_store_clock() : make_machine_clock()});
    const std::string clock = shared ? ", clock of a shared store" : ", clock of one machine";
    MongoElector elector(session, "bench", {.timeparanoid = false});
    elector.poll();
    const double ismaster = time_ns("ismaster", [&] { return elector.ismaster(); });
    MongoLocker lock(session, "bench");
    lock.acquire();
    const double owned = time_ns("owned", [&] { return lock.owned(); });
    group.figures.push_back({.what = "ismaster()" + clock,
                             .reached = text_of(ismaster, "ns"),
                             .target = "< 50 ns",
                             .met = ismaster < 50});
    group.figures.push_back({.what = "owned()" + clock,
                             .reached = text_of(owned, "ns"),
                             .target = "< 50 ns",
                             .met = owned < 50});
  }
  return group;
}

}  // namespace mongoelector::bench
