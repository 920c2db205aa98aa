// Bounds what a command asks of the store. The library bounds a call as well as the driver lets it;
// this holds whatever happens in there.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "cli/command.h"
#include "mongoelector/clock.h"

namespace mongoelector::cli {

// What is said then. `consequence` is added to it: what may have happened all the same.
Failure too_late(Duration timeout, const std::string& consequence);

// While it exists, the process ends with Exit::unavailable and a message as soon as --timeout is
// over. Be done with it before fork() and before asking the user anything but a
// password, which pauses it.
class Deadline {
 public:
  explicit Deadline(Context& context, std::string consequence = {});
  // With a bound of its own.
  Deadline(Context& context, std::string consequence, Duration bound);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  // While a person is asked: the time begins anew afterwards. Does nothing without a deadline.
  class Pause {
   public:
    explicit Pause(const Context& context) : deadline_(context.deadline) { set(true); }
    ~Pause() { set(false); }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

   private:
    void set(bool paused) {
      if (deadline_ != nullptr) deadline_->pause(paused);
    }
    Deadline* deadline_;
  };

 private:
  void watch();
  void pause(bool paused);

  Context& context_;
  const Duration bound_;
  const std::shared_ptr<Clock> clock_;
  const std::string consequence_;  // added to the message: what may have happened all the same
  std::mutex mutex_;
  std::condition_variable changed_;
  Instant until_;  // the end of time while it is paused
  bool over_ = false;
  std::thread thread_;
};

}  // namespace mongoelector::cli
