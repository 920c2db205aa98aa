// How long things took.
#pragma once

#include <string>
#include <vector>

#include "mongoelector/lease.h"

namespace mongoelector::cli {

class Quantiles {
 public:
  explicit Quantiles(std::vector<Duration> values);
  // The smallest value that this part of all (0 to 1) does not exceed; zero if there are none.
  Duration at(double part) const;
  const std::vector<Duration>& sorted() const { return sorted_; }

 private:
  std::vector<Duration> sorted_;
};

// "850 us", "4.1 ms", "2.30 s"
std::string show_latency(Duration value);

}  // namespace mongoelector::cli
