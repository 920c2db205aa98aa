// Handing the terminal to a command and taking it back.
#pragma once

#include <sys/types.h>

#include "cli/file_descriptor.h"

namespace mongoelector::cli {

// Only whoever has the terminal may read from it and hears Ctrl-C. It is handed over when it is
// ours to give and the command uses it: it stands on stdin, and stdout is no pipe, whose reader (a
// pager) would need it too.
class Terminal {
 public:
  Terminal();
  // -1: nothing to hand over.
  int fd() const { return terminal_.get(); }
  // To whom we gave it before and took it back from.
  void give(pid_t to) const;
  // If process group `from` has it. SIGTTOU has to be blocked (signals.h).
  void take_back(pid_t from) const;

 private:
  FileDescriptor terminal_;
};

}  // namespace mongoelector::cli
