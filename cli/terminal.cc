#include "cli/terminal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mongoelector::cli {

Terminal::Terminal() {
  struct stat out {};
  const bool piped = fstat(STDOUT_FILENO, &out) == 0 && S_ISFIFO(out.st_mode);
  if (isatty(STDIN_FILENO) == 0 || piped) return;
  FileDescriptor terminal(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (terminal.get() >= 0 && tcgetpgrp(terminal.get()) == getpgrp())
    terminal_ = std::move(terminal);
}

void Terminal::give(pid_t to) const {
  if (terminal_.get() >= 0 && tcgetpgrp(terminal_.get()) == getpgrp())
    tcsetpgrp(terminal_.get(), to);
}

void Terminal::take_back(pid_t from) const {
  if (terminal_.get() >= 0 && tcgetpgrp(terminal_.get()) == from)
    tcsetpgrp(terminal_.get(), getpgrp());
}

}  // namespace mongoelector::cli
