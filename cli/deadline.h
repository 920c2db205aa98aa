// Bounds what a command asks of the store. The library bounds a call as well as the driver lets it;
// this holds whatever happens in there.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "cli/command.h"

namespace mongoelector::cli {

// What is said then. `consequence` is added to it: what may have happened all the same.
Failure too_late(Duration timeout, const std::string& consequence);

// While it exists, the process ends with Exit::unavailable and a message as soon as --timeout is
// over. Be done with it before fork() and before asking the user anything.
class Deadline {
 public:
  explicit Deadline(Context& context, std::string consequence = {});
  // With a bound of its own.
  Deadline(Context& context, std::string consequence, Duration bound);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

 private:
  void watch(Duration timeout);

  Output& out_;
  const std::string consequence_;  // added to the message: what may have happened all the same
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace mongoelector::cli
