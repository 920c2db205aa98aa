// Runs simulations by hand, and hunts in the mutants' builds of it.
//
//   simulate swarm|fixed SEED [--trace]      one seed; --trace shows everything that happened
//   simulate swarm|fixed SEED COUNT          that many, up to the first broken promise
//
// Ends with 0 when all promises were kept, 1 when one was broken.
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "simulation/model/simulation.h"

using namespace mongoelector::simulation;

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 2 || (arguments[0] != "swarm" && arguments[0] != "fixed")) {
    std::fprintf(stderr, "usage: simulate swarm|fixed SEED [COUNT | --trace]\n");
    return 64;
  }
  const Mode mode = arguments[0] == "swarm" ? Mode::swarm : Mode::fixed;
  const std::uint64_t first = std::strtoull(arguments[1].c_str(), nullptr, 10);
  const bool trace = arguments.size() > 2 && arguments[2] == "--trace";
  const std::uint64_t count =
      arguments.size() > 2 && !trace ? std::strtoull(arguments[2].c_str(), nullptr, 10) : 1;
  const std::size_t facts = trace ? std::numeric_limits<std::size_t>::max() : 40;
  ProbeCounts probes{};
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const Result result = simulate(mode, seed);
    for (std::size_t i = 0; i < kProbes; ++i) probes[i] += result.probes[i];
    if (trace || result.breach) std::fputs(report(mode, seed, result, facts).c_str(), stdout);
    if (!result.breach) continue;
    std::printf("found at seed %llu by %s\n", static_cast<unsigned long long>(seed),
                result.breach->promise.c_str());
    return 1;
  }
  for (std::size_t i = 0; i < kProbes; ++i) {
    std::printf("%10llu  %s\n", static_cast<unsigned long long>(probes[i]),
                std::string(kProbeNames[i]).c_str());
  }
  std::printf("%llu seeds, no promise broken\n", static_cast<unsigned long long>(count));
  return 0;
}
