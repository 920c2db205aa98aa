#include "cli/signals.h"

#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace mongoelector::cli {

namespace {

constexpr std::array<int, 3> kEnds{SIGINT, SIGTERM, SIGQUIT};

}  // namespace

Signals::Signals() {
  sigset_t ours{};
  sigemptyset(&ours);
  for (const int signal : {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT,
                           SIGTSTP, SIGPIPE}) {
    sigaddset(&ours, signal);
  }
  source_ = FileDescriptor(signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK));
  if (source_.get() < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
  // Not read, only held back: they would stop us when we take the terminal back, and when another
  // of the pipeline wants what the command has.
  sigaddset(&ours, SIGTTOU);
  sigaddset(&ours, SIGTTIN);
  pthread_sigmask(SIG_BLOCK, &ours, &before_);
}

Signals::~Signals() {
  // What arrived since is answered already, or nobody is left to answer it.
  while (next()) {
  }
  // ... and what would stop us before we have said how it ended.
  sigset_t stops{};
  sigemptyset(&stops);
  sigaddset(&stops, SIGTTIN);
  sigaddset(&stops, SIGTTOU);
  const timespec at_once{};
  while (sigtimedwait(&stops, nullptr, &at_once) > 0) {
  }
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<int> Signals::next() {
  signalfd_siginfo info{};
  while (read(source_.get(), &info, sizeof info) == sizeof info) {
    // The write that caused it has failed and been answered where it was made.
    if (info.ssi_signo != SIGPIPE) return static_cast<int>(info.ssi_signo);
  }
  return std::nullopt;
}

std::optional<int> Signals::next_to_end() {
  sigset_t ends{};
  sigemptyset(&ends);
  for (const int signal : kEnds) sigaddset(&ends, signal);
  const timespec at_once{};
  const int signal = sigtimedwait(&ends, nullptr, &at_once);
  return signal > 0 ? std::optional(signal) : std::nullopt;
}

bool asks_to_end(int signal) {
  return std::find(kEnds.begin(), kEnds.end(), signal) != kEnds.end();
}

}  // namespace mongoelector::cli
