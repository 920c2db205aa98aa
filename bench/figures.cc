// The figures of the project, each beside what it is compared with. `make bench` runs it.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>

#include "bench/bench.h"

using namespace mongoelector;

namespace {

Duration seconds_of(const char* text) { return std::chrono::seconds(std::atoi(text)); }

int print(const bench::Figures& figures) {
  std::size_t first = 0;
  std::size_t second = 0;
  for (const auto& figure : figures) {
    first = std::max(first, figure.what.size());
    second = std::max(second, figure.reached.size());
  }
  int missed = 0;
  for (const auto& figure : figures) {
    std::printf("%-*s  %-*s  %s%s\n", static_cast<int>(first), figure.what.c_str(),
                static_cast<int>(second), figure.reached.c_str(), figure.target.c_str(),
                figure.met ? "" : "  MISSED");
    missed += !figure.met;
  }
  std::printf("%zu figures, %d missed\n", figures.size(), missed);
  return missed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::string mode = argc > 1 ? argv[1] : "";
    if (mode == "candidate" && argc == 4) return bench::run_candidate(argv[2], seconds_of(argv[3]));
    if (mode == "follower" && argc == 4) return bench::run_follower(argv[2], seconds_of(argv[3]));
    const int rounds = mode.empty() ? 100 : std::max(1, std::atoi(mode.c_str()));
    const std::string self = std::filesystem::read_symlink("/proc/self/exe");
    bench::Figures figures;
    bench::measure_answers(figures);
    bench::measure_threads(figures);
    bench::measure_embedded(figures, self, rounds);
    bench::measure_mongodb(figures, self, rounds);
    return print(figures);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "figures: %s\n", error.what());
    return 2;
  }
}
