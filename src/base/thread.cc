#include "base/thread.h"

#include <pthread.h>
#include <signal.h>

#include <utility>

namespace mongoelector::internal {

namespace {

// A new thread inherits the mask of the one that starts it.
class NoSignals {
 public:
  NoSignals() {
    sigset_t all{};
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

std::thread start_thread(std::function<void()> body) {
  const NoSignals meanwhile;
  return std::thread(std::move(body));
}

}  // namespace mongoelector::internal
