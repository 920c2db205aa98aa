// Signals as something to read: a supervising command decides in its own loop what each means.
//
// Make it before anything that starts threads: they inherit the mask, so that no signal ends the
// process behind the loop's back. SIGPIPE is held back too: a reader of our messages that goes away
// must not take the work down with it.
#pragma once

#include <signal.h>

#include <optional>

#include "cli/file_descriptor.h"

namespace mongoelector::cli {

class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  int fd() const { return source_.get(); }
  // The next pending signal; nothing if there is none. Never blocks.
  std::optional<int> next();
  // The next that asks to end; the others stay where they are, for the command that is to come.
  std::optional<int> next_to_end();
  // The mask this process was started with: what its children get.
  const sigset_t& inherited() const { return before_; }

 private:
  sigset_t before_{};
  FileDescriptor source_;
};

// INT, TERM and QUIT ask to end; the rest is for the command to hear.
bool asks_to_end(int signal);

}  // namespace mongoelector::cli
