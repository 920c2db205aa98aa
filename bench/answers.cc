// What ismaster() and owned() cost, and how many threads leases need.
#include <benchmark/benchmark.h>

#include <fstream>

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
  });
  Keeper keeper;
  benchmark::RunSpecifiedBenchmarks(&keeper);
  return keeper.ns;
}

int threads_of_process() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "Threads:") {
      int count = 0;
      status >> count;
      return count;
    }
  }
  return -1;
}

}  // namespace

void measure_answers(Figures& figures) {
  for (const bool shared : {false, true}) {
    const auto session = std::make_shared<Session>(
        make_memory_store(),
        ConnectOptions{.clock = shared ? make_shared_store_clock() : make_machine_clock()});
    const std::string clock = shared ? " (clock of a shared store)" : " (clock of one machine)";
    MongoElector elector(session, "bench", {.timeparanoid = false});
    elector.poll();
    const double ismaster = time_ns("ismaster", [&] { return elector.ismaster(); });
    MongoLocker lock(session, "bench");
    lock.acquire();
    const double owned = time_ns("owned", [&] { return lock.owned(); });
    figures.push_back({"ismaster()" + clock, text_of(ismaster, "ns"), "< 50 ns", ismaster < 50});
    figures.push_back({"owned()" + clock, text_of(owned, "ns"), "< 50 ns", owned < 50});
  }
}

void measure_threads(Figures& figures) {
  const auto session = std::make_shared<Session>(make_memory_store());
  std::vector<std::unique_ptr<MongoLocker>> locks;
  const auto hold = [&] {
    locks.push_back(std::make_unique<MongoLocker>(session, "lock " + std::to_string(locks.size())));
    locks.back()->acquire();
  };
  hold();
  const int one = threads_of_process();
  while (locks.size() < 1000) hold();
  const int thousand = threads_of_process();
  figures.push_back({"threads of the process, 1,000 leases held", std::to_string(thousand),
                     "as with 1 lease: " + std::to_string(one), thousand == one});
}

}  // namespace mongoelector::bench
