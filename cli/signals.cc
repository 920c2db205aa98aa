#include "cli/signals.h"

#include <sys/signalfd.h>

#include <cerrno>
#include <system_error>

namespace mongoelector::cli {

Signals::Signals() {
  sigset_t ours{};
  sigemptyset(&ours);
  for (const int signal : {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT,
                           SIGTSTP, SIGPIPE}) {
    sigaddset(&ours, signal);
  }
  source_ = FileDescriptor(signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK));
  if (source_.get() < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
  // Not read, only held back: it would stop us when we take the terminal back.
  sigaddset(&ours, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &ours, &before_);
}

Signals::~Signals() {
  // What arrived since is answered already, or nobody is left to answer it.
  while (next()) {
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

bool asks_to_end(int signal) { return signal == SIGINT || signal == SIGTERM || signal == SIGQUIT; }

}  // namespace mongoelector::cli
