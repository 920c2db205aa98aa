#include "cli/hints.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/poll.h"

namespace mongoelector::cli {

namespace {

// Between two subscriptions.
constexpr Duration kPause = std::chrono::seconds(5);
// Whoever is woken looks at the store, which a storm of hints must not turn into a storm of looks.
constexpr Duration kShortestWait = std::chrono::milliseconds(10);

}  // namespace

Hints::Hints(std::shared_ptr<Session> session)
    : session_(std::move(session)), thread_([this] { run(); }) {}

Hints::~Hints() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    if (watch_) watch_->cancel();
  }
  changed_.notify_all();
  thread_.join();
}

void Hints::wait(Instant until) {
  const Clock& clock = session_->clock();
  internal::poll_until(clock, {}, std::min(until, clock.now() + kShortestWait));
  std::array<pollfd, 1> watched{{{.fd = wake_.fd(), .events = POLLIN}}};
  internal::poll_until(clock, watched, until);
  wake_.clear();
}

// nullptr: this store never has any, or nobody needs them any more.
std::shared_ptr<Watch> Hints::subscribe() {
  std::shared_ptr<Watch> watch = session_->store().watch();
  const std::lock_guard lock(mutex_);
  if (closing_) return nullptr;
  watch_ = watch;
  return watch;
}

// False when it is over.
bool Hints::pause() {
  Clock& clock = session_->clock();
  const Instant until = clock.now() + kPause;
  std::unique_lock lock(mutex_);
  watch_ = nullptr;
  while (!closing_ && clock.now() < until) clock.wait(lock, changed_, until);
  return !closing_;
}

void Hints::run() {
  do {
    try {
      const auto watch = subscribe();
      if (!watch) return;
      // Whoever looked before there were hints may have looked too early.
      wake_.notify();
      while (!watch->next().ended) wake_.notify();
    } catch (const std::exception&) {
      // None just now: looking now and then goes on as before.
    }
  } while (pause());
}

}  // namespace mongoelector::cli
