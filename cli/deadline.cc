#include "cli/deadline.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/text.h"
#include "mongoelector/clock.h"

namespace mongoelector::cli {

Failure too_late(Duration timeout, const std::string& consequence) {
  return {Exit::unavailable,
          fmt::format("the store did not answer within {}{}", internal::show_duration(timeout),
                      consequence),
          "--timeout sets how long to wait"};
}

Deadline::Deadline(Context& context, std::string consequence)
    : Deadline(context, std::move(consequence),
               context.globals.timeout.value_or(kDefaultTimeout)) {}

Deadline::Deadline(Context& context, std::string consequence, Duration bound)
    : out_(context.out),
      consequence_(std::move(consequence)),
      thread_([this, bound] { watch(bound); }) {}

Deadline::~Deadline() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Deadline::watch(Duration timeout) {
  const auto clock = make_machine_clock();
  const Instant until = clock->now() + timeout;
  std::unique_lock lock(mutex_);
  while (!over_ && clock->now() < until) clock->wait(lock, changed_, until);
  if (over_) return;
  // With the lock held: the command cannot report success in the meantime.
  out_.fail(too_late(timeout, consequence_));
  _exit(static_cast<int>(Exit::unavailable));
}

}  // namespace mongoelector::cli
