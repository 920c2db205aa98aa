#include "torture/program/report.h"

#include <algorithm>
#include <fstream>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <numeric>
#include <stdexcept>

#include "support/process.h"

namespace mongoelector::torture {

namespace {

const char* name_of_store(Store store) { return store == Store::sqlite ? "sqlite" : "mongodb"; }

double longest(const std::vector<double>& seconds) {
  return seconds.empty() ? 0 : *std::max_element(seconds.begin(), seconds.end());
}

int sum(const std::array<int, kFaultKinds>& counts) {
  return std::accumulate(counts.begin(), counts.end(), 0);
}

template <class Value>
void row(std::ostream& out, const std::string& name, const Value& value) {
  out << "  " << std::left << std::setw(38) << name << value << "\n";
}

std::string seconds_text(double seconds) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(3) << seconds << " s";
  return text.str();
}

}  // namespace

void Summary::add(const Outcome& outcome) {
  ++histories;
  total.terms += outcome.terms;
  for (std::size_t i = 0; i < kFaultKinds; ++i) {
    total.injected[i] += outcome.injected[i];
    total.not_injected[i] += outcome.not_injected[i];
  }
  total.failovers += outcome.failovers;
  total.kills += outcome.kills;
  total.stops += outcome.stops;
  total.takeovers.insert(total.takeovers.end(), outcome.takeovers.begin(),
                         outcome.takeovers.end());
  total.takeover_bound = outcome.takeover_bound;
  total.longest_gap = std::max(total.longest_gap, outcome.longest_gap);
  total.fenced += outcome.fenced;
  total.refused += outcome.refused;
  total.unfenced += outcome.unfenced;
  total.unfenced_lost += outcome.unfenced_lost;
  total.fenced_lost += outcome.fenced_lost;
  total.excused += outcome.excused;
  total.violations.insert(total.violations.end(), outcome.violations.begin(),
                          outcome.violations.end());
}

void print_table(const Summary& summary, std::ostream& out) {
  const Outcome& total = summary.total;
  out << "torture of " << name_of_store(summary.store) << " at commit " << commit() << "\n";
  row(out, "histories",
      std::to_string(summary.histories) + " of " + std::to_string(summary.seconds) + " s");
  row(out, "terms", total.terms);
  row(out, "faults injected", sum(total.injected));
  for (std::size_t i = 0; i < kFaultKinds; ++i)
    if (total.injected[i] > 0)
      row(out, std::string("  ") + name_of(static_cast<FaultKind>(i)), total.injected[i]);
  row(out, "kill -9", total.kills);
  row(out, "SIGSTOP", total.stops);
  row(out, "failovers", total.failovers);
  row(out, "takeover after kill -9, longest",
      total.takeovers.empty() ? "none measured"
                              : seconds_text(longest(total.takeovers)) + " of " +
                                    std::to_string(total.takeovers.size()) + ", bound " +
                                    seconds_text(total.takeover_bound));
  row(out, "longest time without a master", seconds_text(total.longest_gap));
  row(out, "fenced updates lost", std::to_string(total.fenced_lost) + " of " +
                                      std::to_string(total.fenced) + " (refused: " +
                                      std::to_string(total.refused) + ")");
  row(out, "unfenced updates lost", std::to_string(total.unfenced_lost) + " of " +
                                        std::to_string(total.unfenced) +
                                        " (a pause may cost some)");
  row(out, "commands whose guardian was held up", total.excused);
  row(out, "faults NOT INJECTED", sum(total.not_injected));
  for (std::size_t i = 0; i < kFaultKinds; ++i)
    if (total.not_injected[i] > 0)
      row(out, std::string("  ") + name_of(static_cast<FaultKind>(i)), total.not_injected[i]);
  row(out, "violations", total.violations.size());
  for (const std::string& missing : summary.missing)
    out << "THIS MACHINE CANNOT: " << missing << "\n";
}

void write_json(const Summary& summary, const std::string& file) {
  const Outcome& total = summary.total;
  nlohmann::ordered_json injected = nlohmann::ordered_json::object();
  nlohmann::ordered_json not_injected = injected;
  for (std::size_t i = 0; i < kFaultKinds; ++i) {
    const char* name = name_of(static_cast<FaultKind>(i));
    if (total.injected[i] > 0) injected[name] = total.injected[i];
    if (total.not_injected[i] > 0) not_injected[name] = total.not_injected[i];
  }
  const nlohmann::ordered_json all{{"store", name_of_store(summary.store)},
                                   {"commit", commit()},
                                   {"histories", summary.histories},
                                   {"seconds_each", summary.seconds},
                                   {"terms", total.terms},
                                   {"faults", sum(total.injected)},
                                   {"injected", injected},
                                   {"not_injected", not_injected},
                                   {"missing_facilities", summary.missing},
                                   {"kill_9", total.kills},
                                   {"sigstop", total.stops},
                                   {"failovers", total.failovers},
                                   {"takeovers", total.takeovers.size()},
                                   {"longest_takeover_seconds", longest(total.takeovers)},
                                   {"takeover_bound_seconds", total.takeover_bound},
                                   {"longest_gap_seconds", total.longest_gap},
                                   {"fenced_updates", total.fenced},
                                   {"fenced_lost", total.fenced_lost},
                                   {"fenced_refused", total.refused},
                                   {"unfenced_updates", total.unfenced},
                                   {"unfenced_lost", total.unfenced_lost},
                                   {"excused_commands", total.excused},
                                   {"violations", total.violations}};
  std::ofstream out(file);
  out << all.dump(2) << "\n";
  if (!out) throw std::runtime_error("cannot write " + file);
}

std::string commit() {
  try {
    const test::Finished finished = test::run_process(
        {"git", "-C", MONGOELECTOR_SOURCE_DIR, "rev-parse", "--short", "HEAD"});
    if (finished.code == 0) return finished.out.substr(0, finished.out.find('\n'));
  } catch (const std::runtime_error&) {
    // No git here.
  }
  return "unknown";
}

}  // namespace mongoelector::torture
