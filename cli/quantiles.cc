#include "cli/quantiles.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/text.h"

namespace mongoelector::cli {

Quantiles::Quantiles(std::vector<Duration> values) : sorted_(std::move(values)) {
  std::sort(sorted_.begin(), sorted_.end());
}

Duration Quantiles::at(double part) const {
  if (sorted_.empty()) return {};
  const auto rank =
      static_cast<std::size_t>(std::ceil(part * static_cast<double>(sorted_.size())));
  return sorted_[std::clamp<std::size_t>(rank, 1, sorted_.size()) - 1];
}

std::string show_latency(Duration value) {
  const double s = internal::seconds(value);
  if (s < 0.001) return fmt::format("{:.0f} us", s * 1e6);
  if (s < 1) return fmt::format("{:.1f} ms", s * 1e3);
  return fmt::format("{:.2f} s", s);
}

}  // namespace mongoelector::cli
