#include "cli/deadline.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/text.h"

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
    : context_(context),
      bound_(bound),
      clock_(make_machine_clock()),
      consequence_(std::move(consequence)),
      until_(clock_->now() + bound),
      thread_([this] { watch(); }) {
  context.deadline = this;
}

Deadline::~Deadline() {
  context_.deadline = nullptr;
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Deadline::pause(bool paused) {
  {
    const std::lock_guard lock(mutex_);
    until_ = paused ? Instant::max() : clock_->now() + bound_;
  }
  changed_.notify_all();
}

void Deadline::watch() {
  std::unique_lock lock(mutex_);
  while (!over_ && clock_->now() < until_) clock_->wait(lock, changed_, until_);
  if (over_) return;
  // With the lock held: the command cannot report success in the meantime.
  context_.out.fail(too_late(bound_, consequence_));
  _exit(static_cast<int>(Exit::unavailable));
}

}  // namespace mongoelector::cli
