// The figures of the project: groups, one file each, and what they share.
//
// Whatever is compared is measured in one run in turns, so that a busy machine weighs on both sides
// alike, and medians are compared.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "mongoelector/mongoelector.h"

namespace mongoelector::bench {

struct Figure {
  std::string what;
  std::string reached;
  std::string beside = {};      // what it is compared with, measured in the same run
  std::string target = {};      // empty: only shown
  std::optional<bool> met = {};  // nothing: only shown
};

struct Group {
  std::string name;
  std::vector<Figure> figures = {};
};

// Each measures one group.
using Measure = Group (*)();
Group measure_answers();
Group measure_pair();
Group measure_handover();
Group measure_renewals();
Group measure_waiters();
Group measure_embedded();
Group measure_tool();
// These mostly wait, for seconds, or count something: they run side by side.
Group measure_leases();
Group measure_follower();
Group measure_takeover();
Group measure_failover();

// The table on the terminal, and as a page with the machine it was made on. `figures_missed` of
// them are not met.
int figures_missed(const std::vector<Group>& groups);
void print(const std::vector<Group>& groups);
void write_page(const std::vector<Group>& groups, const std::string& path,
                const std::string& commit);

long long monotonic_ns();

// Milliseconds that `call` takes.
template <class Call>
double timed(const Call& call) {
  const long long begin = monotonic_ns();
  call();
  return static_cast<double>(monotonic_ns() - begin) / 1e6;
}

// Values of one kind, asked for their quantiles.
class Sample {
 public:
  void add(double value) { values_.push_back(value); }
  double quantile(double q) const;
  double p50() const { return quantile(0.5); }
  double p99() const { return quantile(0.99); }
  double worst() const { return quantile(1); }
  std::size_t size() const { return values_.size(); }

 private:
  std::vector<double> values_;
};

// "1.25 ms"
std::string text_of(double value, const std::string& unit);

}  // namespace mongoelector::bench
