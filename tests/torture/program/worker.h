// A program that uses the library: a candidate of the election and a user of the lock, which notes
// what it sees of its own validity, over and over.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace mongoelector::torture {

// Planted, to show that the torture finds them.
enum class Bug {
  none,
  lies,        // goes on as if it held the lock for a while after it has given it back
  slow_clock,  // its clock runs 16 times too slow, so its renewals and its deadlines come too late
};

struct WorkerPlan {
  std::string name;
  std::string uri;
  std::string evidence;   // directory
  std::string registers;  // directory
  std::chrono::milliseconds ttl{0};
  std::uint64_t seed = 0;
  Bug bug = Bug::none;
};

inline constexpr const char* kElection = "torture";
inline constexpr const char* kLock = "torture";
// Between two looks of a process at its own validity.
inline constexpr std::int64_t kLookEveryUs = 1000;

// Returns when SIGTERM came and all is given back.
int run_worker(const WorkerPlan& plan);

struct ChildPlan {
  std::string name;       // of the runner
  std::string evidence;   // directory
  std::string registers;  // directory; empty: leaves them alone
  bool election = false;
  std::uint64_t seed = 0;
};

// What a runner starts under its lease: it is valid as long as it runs, and ends by itself after
// some seconds. Every other one does not listen to SIGTERM.
int run_child(const ChildPlan& plan);

}  // namespace mongoelector::torture
