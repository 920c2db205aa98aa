#include "base/fork_guard.h"

#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>

namespace mongoelector::internal {

ForkGuard::ForkGuard() : size_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
  void* page = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) throw std::runtime_error("cannot set up fork detection: out of memory");
  if (madvise(page, size_, MADV_WIPEONFORK) != 0) {
    munmap(page, size_);
    throw std::runtime_error("cannot set up fork detection: Linux 4.14 or newer is needed");
  }
  flag_ = static_cast<unsigned char*>(page);
  *flag_ = 1;
}

ForkGuard::~ForkGuard() { munmap(const_cast<unsigned char*>(flag_), size_); }

}  // namespace mongoelector::internal
