#include "bench/hold.h"

#include <fstream>
#include <string>
#include <thread>

namespace mongoelector::bench {

namespace {

// Majority writes that are under way together share the server's journal syncs.
constexpr int kAtATime = 16;

}  // namespace

void hold_locks(const std::shared_ptr<Session>& session,
                std::vector<std::unique_ptr<MongoLocker>>& locks, int count, Duration ttl) {
  const auto first = static_cast<int>(locks.size());
  for (int i = first; i < count; ++i) {
    locks.push_back(std::make_unique<MongoLocker>(session, "lock " + std::to_string(i),
                                                  LockerOptions{.ttl = ttl}));
  }
  std::vector<std::jthread> threads;
  for (int t = 0; t < kAtATime; ++t) {
    threads.emplace_back([&, t] {
      for (int i = first + t; i < count; i += kAtATime)
        locks[static_cast<std::size_t>(i)]->acquire();
    });
  }
}

int threads_of_process() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "Threads:") {
      int count = 0;
      status >> count;
      return count;
    }
  }
  return -1;
}

}  // namespace mongoelector::bench
