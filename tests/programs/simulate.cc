// Runs simulations by hand and in CI, and hunts in the mutants' builds of it.
//
//   simulate swarm|fixed FIRST [COUNT] [options]   that many seeds, up to the first broken promise
//   simulate saved FILE [options]                  every seed of a list (saved_seeds.txt)
//   simulate hashes COUNT                          each seed twice: both runs must be the same
//
//   --trace          of one seed: everything that happened
//   --history FILE   of one seed: its terms as JSON Lines (tests/verification)
//   --json FILE      the counts, for programs
//   --workers N      processes at a time (2)
//   --failures N     go on until so many seeds have failed (1)
//
// Ends with 0 when all promises were kept, 1 when one was broken, 64 when asked wrongly.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "simulation/model/export.h"
#include "simulation/model/runner.h"

using namespace mongoelector::simulation;

namespace {

struct Asked {
  std::vector<std::string> words;
  bool trace = false;
  std::string history;
  std::string json;
  int workers = 2;
  std::size_t failures = 1;
};

int usage() {
  std::fprintf(stderr, "usage: simulate swarm|fixed FIRST [COUNT] | saved FILE | hashes COUNT\n");
  return 64;
}

std::uint64_t number(const std::string& text) { return std::strtoull(text.c_str(), nullptr, 10); }

bool parse(int argc, char** argv, Asked& asked) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--trace") {
      asked.trace = true;
    } else if (!word.starts_with("--")) {
      asked.words.push_back(word);
    } else {
      if (++i == argc) return false;
      if (word == "--history") asked.history = argv[i];
      else if (word == "--json") asked.json = argv[i];
      else if (word == "--workers") asked.workers = static_cast<int>(number(argv[i]));
      else if (word == "--failures") asked.failures = number(argv[i]);
      else return false;
    }
  }
  return asked.words.size() >= 2 && asked.workers > 0 && asked.failures > 0;
}

int finish(const Series& series, const Asked& asked) {
  for (const FailedRun& failed : series.failures) {
    std::printf("%sfound at seed %llu by %s\n", failed.report.c_str(),
                static_cast<unsigned long long>(failed.seed), failed.promise.c_str());
  }
  if (!asked.json.empty()) std::ofstream(asked.json) << counts_as_json(series.totals);
  if (!series.failures.empty()) return 1;
  std::fputs(counts_as_text(series.totals).c_str(), stdout);
  return 0;
}

int one(Mode mode, std::uint64_t seed, const Asked& asked) {
  const Result result = simulate(mode, seed);
  const std::size_t facts = asked.trace ? std::numeric_limits<std::size_t>::max() : 40;
  Series series;
  series.totals.add(result);
  if (!asked.history.empty()) std::ofstream(asked.history) << history_as_json(result);
  if (asked.trace || result.breach)
    std::fputs(report(mode, seed, result, facts).c_str(), stdout);
  if (result.breach) {
    series.failures.push_back({.seed = seed, .promise = result.breach->promise, .report = {}});
    series.totals.violations = 1;
  }
  return finish(series, asked);
}

Mode mode_of(const std::string& word) { return word == "fixed" ? Mode::fixed : Mode::swarm; }

int saved(const Asked& asked) {
  std::ifstream list(asked.words[1]);
  if (!list) {
    std::fprintf(stderr, "simulate: cannot read %s\n", asked.words[1].c_str());
    return 64;
  }
  Series all;
  for (std::string line; std::getline(list, line);) {
    std::istringstream words(line);
    std::string mode;
    std::uint64_t seed = 0;
    if (line.starts_with("#") || !(words >> mode >> seed)) continue;
    Series series = run_series({.mode = mode_of(mode), .first = seed});
    all.totals.add(series.totals);
    std::move(series.failures.begin(), series.failures.end(), std::back_inserter(all.failures));
  }
  all.totals.violations = all.failures.size();
  if (all.totals.histories + all.failures.size() == 0) return usage();
  return finish(all, asked);
}

int hashes(std::uint64_t count) {
  for (std::uint64_t seed = 0; seed < count; ++seed) {
    const std::uint64_t first = hash_of(simulate(Mode::swarm, seed).history);
    if (first == hash_of(simulate(Mode::swarm, seed).history)) continue;
    std::printf("seed %llu is not the same run twice\n", static_cast<unsigned long long>(seed));
    return 1;
  }
  std::printf("%llu seeds, each the same run twice\n", static_cast<unsigned long long>(count));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Asked asked;
  if (!parse(argc, argv, asked)) return usage();
  const std::string& command = asked.words[0];
  if (command == "saved") return saved(asked);
  if (command == "hashes") return hashes(number(asked.words[1]));
  if (command != "swarm" && command != "fixed") return usage();
  const std::uint64_t first = number(asked.words[1]);
  const std::uint64_t count = asked.words.size() > 2 ? number(asked.words[2]) : 1;
  if (count == 1) return one(mode_of(command), first, asked);
  return finish(run_series({.mode = mode_of(command),
                            .first = first,
                            .count = count,
                            .workers = asked.workers,
                            .most_failures = asked.failures}),
                asked);
}
