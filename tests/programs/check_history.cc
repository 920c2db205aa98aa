// Judges histories by what was promised; tests/verification/README.md says what it reads.
//   check_history FILE... [--max-gap DUR] [--json]
// 0 legal, 1 a promise is broken (each is printed, with file:line), 2 cannot be read.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "verification/checker/checker.h"
#include "verification/checker/reader.h"
#include "verification/checker/times.h"

namespace {

using namespace verification;
using Json = nlohmann::ordered_json;

constexpr char kUsage[] = "usage: check_history FILE... [--max-gap DUR] [--json]";

struct Options {
  std::vector<std::string> files;
  Demands demands;
  bool json = false;
};

std::optional<Options> options_of(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    if (argument == "--json") {
      options.json = true;
    } else if (argument == "--max-gap" && i + 1 < count) {
      options.demands.max_gap = internal::parse_duration(arguments[++i]);
      if (!options.demands.max_gap) return {};
    } else if (argument.starts_with("-")) {
      return {};
    } else {
      options.files.push_back(argument);
    }
  }
  return options.files.empty() ? std::nullopt : std::optional(options);
}

std::string shown(const History& history, Place place) {
  return history.files[place.file] + ":" + std::to_string(place.line);
}

Json to_json(const History& history, const Verdict& verdict) {
  const Counts& counts = verdict.counts;
  Json violations = Json::array();
  for (const Violation& violation : verdict.violations) {
    violations.push_back({{"promise", violation.promise},
                          {"what", violation.what},
                          {"first", shown(history, violation.first)},
                          {"second", shown(history, violation.second)}});
  }
  return {{"legal", verdict.violations.empty()},
          {"violations", std::move(violations)},
          {"records", counts.records},
          {"terms", counts.terms},
          {"keys", counts.keys},
          {"uncertain_terms", counts.uncertain},
          {"unknown_outcomes", counts.unknown},
          {"fenced_accepted", counts.accepted},
          {"refused", counts.refused},
          {"unfenced_accepted", counts.unfenced},
          {"unfenced_lost", counts.unfenced_lost},
          {"longest_gap_ns", counts.longest_gap},
          {"longest_gap_key", counts.gap_key}};
}

void print(const History& history, const Verdict& verdict) {
  for (const Violation& violation : verdict.violations) {
    std::cout << "promise " << violation.promise << ": " << violation.what << " ("
              << shown(history, violation.first) << ", " << shown(history, violation.second)
              << ")\n";
  }
  const Counts& counts = verdict.counts;
  char gap[32];
  std::snprintf(gap, sizeof gap, "%.6f", static_cast<double>(counts.longest_gap) / 1e9);
  std::cout << counts.records << " records, " << counts.terms << " terms of " << counts.keys
            << " keys (" << counts.uncertain << " of unknown end), " << counts.unknown
            << " unknown outcomes, " << counts.accepted << " fenced writes, " << counts.refused
            << " refused, " << counts.unfenced_lost << " of " << counts.unfenced
            << " unfenced lost, longest gap " << gap << " s, " << verdict.violations.size()
            << " violations\n";
}

}  // namespace

int main(int count, char** arguments) {
  const auto options = options_of(count, arguments);
  if (!options) {
    std::cerr << kUsage << "\n";
    return 2;
  }
  History history;
  for (const std::string& name : options->files) {
    std::ifstream file(name);
    const auto trouble = file ? read(file, name, history) : name + ": cannot be opened";
    if (!trouble) continue;
    std::cerr << "check_history: " << *trouble << "\n";
    return 2;
  }
  const Verdict verdict = judge(history, options->demands);
  if (options->json)
    std::cout << to_json(history, verdict).dump(2) << "\n";
  else
    print(history, verdict);
  return verdict.violations.empty() ? 0 : 1;
}
