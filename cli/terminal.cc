#include "cli/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <utility>

namespace mongoelector::cli {

Terminal::Terminal() : terminal_(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {}

// Not once and for all: a shell moves jobs to and from the foreground.
bool Terminal::ours() const {
  return terminal_.get() >= 0 && tcgetpgrp(terminal_.get()) == getpgrp();
}

int Terminal::for_start() {
  wanted_ = ours() && isatty(STDIN_FILENO) != 0 && !is_pipe(STDOUT_FILENO);
  return wanted_ ? terminal_.get() : -1;
}

bool Terminal::lend(pid_t to) {
  wanted_ = true;
  if (!ours() || tcsetpgrp(terminal_.get(), to) != 0) return false;
  lent_ = true;
  return true;
}

void Terminal::give(pid_t to) const {
  if (wanted_ && ours()) tcsetpgrp(terminal_.get(), to);
}

void Terminal::take_back(pid_t from) const {
  if (terminal_.get() >= 0 && tcgetpgrp(terminal_.get()) == from)
    tcsetpgrp(terminal_.get(), getpgrp());
}

void Terminal::reclaim(pid_t from) {
  take_back(from);
  if (std::exchange(lent_, false)) kill(0, SIGCONT);
}

}  // namespace mongoelector::cli
