// Allocations and file operations that fail when told to, counted one by one.
//
// Both kinds are counted on the calling thread and only inside exposed(), so that a test can count
// and fail exactly what the code under test does. Linking this file replaces operator new for the
// whole program; install_faults() puts itself between SQLite, its memory and its files.
#pragma once

#include <cstdint>
#include <utility>

namespace mongoelector::test {

enum class Resource : std::uint8_t { memory, files };
enum class Persistence : std::uint8_t { once, for_good };

// How a file operation fails; memory has one way only.
enum class FileFault : std::uint8_t { io_error, disk_full };

struct FaultPlan {
  Resource resource = Resource::memory;
  Persistence persistence = Persistence::once;
  FileFault fault = FileFault::io_error;
  std::int64_t at = 0;  // the first operation that fails, from 1; 0: none
};

// Before SQLite is used for the first time.
void install_faults();

void plan_faults(const FaultPlan& plan);
// Whether the operation that the plan names has come.
bool fault_hit();
// Blocks of operator new that this thread has made and nobody has freed on it.
std::int64_t live_blocks();

void expose(bool on) noexcept;

template <class Work>
auto exposed(const Work& work) {
  struct Exposure {
    Exposure() { expose(true); }
    ~Exposure() { expose(false); }
  } exposure;
  return work();
}

}  // namespace mongoelector::test
