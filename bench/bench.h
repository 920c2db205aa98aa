// Shared by the figures: one line each, beside what it is compared with.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "mongoelector/mongoelector.h"

namespace mongoelector::bench {

struct Figure {
  std::string what;
  std::string reached;
  std::string target;
  bool met = false;
};

using Figures = std::vector<Figure>;

// Each appends its figures. `self` is this program, started again as the other process.
void measure_answers(Figures& figures);
void measure_threads(Figures& figures);
void measure_embedded(Figures& figures, const std::string& self, int rounds);
void measure_mongodb(Figures& figures, const std::string& self, int rounds);

// The other process: a candidate on `uri` that writes one line with the monotonic time in ns to
// stdout when it leads, stops cleanly when stdin is closed after writing another such line.
int run_candidate(const std::string& uri, Duration ttl);
// The other process: a follower for `span`; prints its CPU time in us.
int run_follower(const std::string& uri, Duration span);

// A child running this program with other arguments.
class Process {
 public:
  Process(const std::string& self, const std::vector<std::string>& arguments);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  long long read_number();  // the next line of its stdout
  void close_stdin();
  void kill();
  void wait();

 private:
  int pid_ = -1;
  int in_ = -1;
  int out_ = -1;
};

long long monotonic_ns();
// Sorts `values`.
double quantile(std::vector<double>& values, double q);
std::string text_of(double value, const std::string& unit);

}  // namespace mongoelector::bench
