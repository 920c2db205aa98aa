#include "cli/interruptible.h"

#include <unistd.h>

#include <array>
#include <exception>
#include <thread>

#include "base/poll.h"
#include "cli/guardian.h"
#include "cli/wake.h"

namespace mongoelector::cli {

// Nothing is held, so what these do by default is right.
std::optional<int> first_that_ends(Signals& signals) {
  while (const auto signal = signals.next()) {
    if (asks_to_end(*signal) || *signal == SIGHUP) return signal;
    if (*signal == SIGTSTP) kill(getpid(), SIGSTOP);
  }
  return std::nullopt;
}

namespace {

// `work` on a thread of its own.
class Aside {
 public:
  explicit Aside(const std::function<void()>& work)
      : thread_([this, &work] {
          try {
            work();
          } catch (...) {
            error_ = std::current_exception();
          }
          over_.notify();
        }) {}

  // Readable when it is over.
  int fd() const { return over_.fd(); }
  // After that.
  std::exception_ptr join() {
    thread_.join();
    return error_;
  }

 private:
  std::exception_ptr error_;
  Wake over_;
  std::thread thread_;
};

}  // namespace

std::optional<int> run_interruptible(Signals& signals, const std::function<void()>& work,
                                     const std::function<void(int)>& cancel,
                                     const Meanwhile& meanwhile) {
  Aside aside(work);
  const auto clock = make_machine_clock();
  std::optional<int> ended_by;
  std::array<pollfd, 2> watched{
      {{.fd = aside.fd(), .events = POLLIN}, {.fd = signals.fd(), .events = POLLIN}}};
  const auto next = [&] {
    return meanwhile.what ? clock->now() + meanwhile.every : Instant::max();
  };
  Instant until = next();
  while (watched[0].revents == 0) {
    if (!internal::poll_until(*clock, watched, until)) {
      if (!ended_by) meanwhile.what();
      until = next();
    }
    const bool done = watched[0].revents != 0;
    const auto signal = done ? signals.next_to_end() : first_that_ends(signals);
    if (!signal) continue;
    // Whoever insists is not held up by a store that hangs.
    if (ended_by) {
      dismiss_waiting_guardian();
      _exit(128 + *signal);
    }
    ended_by = signal;
    cancel(*signal);
  }
  const std::exception_ptr error = aside.join();
  if (!ended_by && error) std::rethrow_exception(error);
  return ended_by;
}

void run_to_its_end(const std::function<void()>& work, const Meanwhile& meanwhile) {
  Aside aside(work);
  const auto clock = make_machine_clock();
  std::array<pollfd, 1> watched{{{.fd = aside.fd(), .events = POLLIN}}};
  const auto next = [&] {
    return meanwhile.what ? clock->now() + meanwhile.every : Instant::max();
  };
  while (!internal::poll_until(*clock, watched, next())) meanwhile.what();
  if (const std::exception_ptr error = aside.join()) std::rethrow_exception(error);
}

}  // namespace mongoelector::cli
