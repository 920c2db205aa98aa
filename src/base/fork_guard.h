// Tells a process from the child that fork() made of it, in one load.
#pragma once

#include <cstddef>

namespace mongoelector::internal {

// same_process() is true where the guard was made, and false in every child made by fork() or
// clone() after that: the kernel wipes the page that holds the flag. Wait-free. A child that makes
// its own guard is a process of its own.
class ForkGuard {
 public:
  ForkGuard();  // throws std::runtime_error on kernels before 4.14
  ~ForkGuard();
  ForkGuard(const ForkGuard&) = delete;
  ForkGuard& operator=(const ForkGuard&) = delete;

  bool same_process() const noexcept { return *flag_ != 0; }

 private:
  std::size_t size_;
  volatile unsigned char* flag_;
};

}  // namespace mongoelector::internal
