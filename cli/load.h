// The work of `bench`: several clients at once, each doing one thing again and again under names of
// its own, and what that took.
#pragma once

#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "mongoelector/connect.h"

namespace mongoelector::cli {

enum class LoadOp {
  lock,      // acquire and release
  renew,     // one renewal of a lock that is held
  handoff,   // from a release to the next holder, who waited for it
  failover,  // from the last sign of a holder that is gone to the next, who waited for it
};

struct Load {
  LoadOp op = LoadOp::lock;
  int clients = 1;
  Duration duration{};
};

struct LoadResult {
  std::vector<Duration> latencies = {};
  std::size_t errors = 0;
  std::string first_error = {};
  Duration elapsed{};
};

class LoadRunner {
 public:
  LoadRunner(std::shared_ptr<Session> session, Load load);

  // Blocks for load.duration, or until cancel(), and to the end of what has begun then.
  LoadResult run();
  void cancel() { stop_.request_stop(); }
  // Removes every record under our names; how many would not go.
  std::size_t clean_up() const;

 private:
  class Client;
  const std::shared_ptr<Session> session_;
  const Load load_;
  const std::string prefix_;  // random: nobody else's names
  std::stop_source stop_;
};

}  // namespace mongoelector::cli
