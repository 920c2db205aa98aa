#include <time.h>

#include <algorithm>
#include <cstdio>

#include "bench/bench.h"

namespace mongoelector::bench {

long long monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

double Sample::quantile(double q) const {
  std::vector<double> sorted = values_;
  std::sort(sorted.begin(), sorted.end());
  const auto rank = static_cast<std::size_t>(q * static_cast<double>(sorted.size()));
  return sorted.at(std::min(rank, sorted.size() - 1));
}

std::string text_of(double value, const std::string& unit) {
  char text[64];
  std::snprintf(text, sizeof text, value < 10 ? "%.2f %s" : "%.1f %s", value, unit.c_str());
  return text;
}

}  // namespace mongoelector::bench
