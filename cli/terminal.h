// Handing the terminal to a command and taking it back.
#pragma once

#include <sys/types.h>

#include "cli/file_descriptor.h"

namespace mongoelector::cli {

// Only whoever has the terminal may read from it and hears Ctrl-C; who asks for it without having
// it is stopped (TTIN, TTOU). A command gets it when it is ours to give, and
//   - from the start, if it stands on stdin and stdout is no pipe: then the job is ours alone;
//   - otherwise when the command has been stopped for want of it. In a pipeline others need it too,
//     a pager above all: they keep it unless the command asks, and go on when it has ended.
class Terminal {
 public:
  Terminal();
  // For a command that starts now: what it is to have from the start; -1: nothing.
  int for_start();
  // For a command that was stopped for want of it. True: it has it now, so continue it.
  bool lend(pid_t to);
  // To one that had or wanted it, and is to go on.
  void give(pid_t to) const;
  // If process group `from` has it. SIGTTOU has to be blocked (signals.h).
  void take_back(pid_t from) const;
  // From a command that has ended; wakes who has been stopped in the meantime.
  void reclaim(pid_t from);

 private:
  bool ours() const;

  FileDescriptor terminal_;  // -1: there is none
  bool wanted_ = false;      // by the command
  bool lent_ = false;
};

}  // namespace mongoelector::cli
