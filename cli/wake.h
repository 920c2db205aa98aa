// Brings news of other threads into a poll loop.
#pragma once

#include <sys/eventfd.h>

#include <cerrno>
#include <system_error>

#include "cli/file_descriptor.h"

namespace mongoelector::cli {

// notify() may be called from any thread, never blocks and never throws.
class Wake {
 public:
  Wake() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (event_.get() < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  void notify() noexcept { eventfd_write(event_.get(), 1); }
  void clear() noexcept {
    eventfd_t count = 0;
    eventfd_read(event_.get(), &count);
  }
  int fd() const { return event_.get(); }

 private:
  FileDescriptor event_;
};

}  // namespace mongoelector::cli
