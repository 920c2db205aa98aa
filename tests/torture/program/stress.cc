#include "torture/program/stress.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "mongoelector/mongoelector.h"
#include "support/eventually.h"
#include "support/process.h"
#include "torture/program/evidence.h"

namespace mongoelector::torture {

namespace {

constexpr const char* kStressLock = "stress";

struct Counter {
  std::uint64_t value = 0;
  std::uint64_t token = 0;  // of the latest holder
};

// Nothing protects the file but the lock.
class CounterFile {
 public:
  explicit CounterFile(const std::string& path)
      : fd_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (fd_ < 0) throw std::runtime_error("cannot open " + path);
  }
  ~CounterFile() { close(fd_); }
  CounterFile(const CounterFile&) = delete;
  CounterFile& operator=(const CounterFile&) = delete;

  Counter read() const {
    Counter counter;
    const ssize_t size = pread(fd_, &counter, sizeof counter, 0);
    if (size != 0 && size != sizeof counter) throw std::runtime_error("the counter is damaged");
    return counter;
  }
  void write(const Counter& counter) const {
    if (pwrite(fd_, &counter, sizeof counter, 0) != sizeof counter)
      throw std::runtime_error("the counter cannot be written");
  }

 private:
  const int fd_;
};

// False when tokens did not grow.
bool participate(const std::shared_ptr<Session>& session, const StressPlan& plan) {
  const CounterFile file(plan.counter);
  MongoLocker locker(session, kStressLock);
  bool grows = true;
  for (std::int64_t i = 0; i < plan.acquisitions; ++i) {
    const std::uint64_t token = locker.acquire().value();
    const Counter counter = file.read();
    grows = grows && token > counter.token;
    file.write({.value = counter.value + 1, .token = token});
    locker.release();
  }
  return grows;
}

}  // namespace

int run_stress_process(const StressPlan& plan) {
  return participate(connect(plan.uri), plan) ? 0 : 1;
}

int run_stress(const StressPlan& plan) {
  const std::int64_t begin = boot_time();
  const auto session = connect(plan.uri);
  std::vector<std::unique_ptr<test::Process>> processes;
  for (int i = 0; i < plan.processes; ++i) {
    processes.push_back(std::make_unique<test::Process>(std::vector<std::string>{
        plan.self, "stress-process", "--uri", plan.uri, "--counter", plan.counter,
        "--acquisitions", std::to_string(plan.acquisitions)}));
  }
  std::atomic<int> failed{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < plan.threads; ++i) {
      threads.emplace_back([&] {
        try {
          if (!participate(session, plan)) ++failed;
        } catch (const std::exception& error) {
          ++failed;
          std::cerr << "stress: " << error.what() << "\n";
        }
      });
    }
  }
  for (const auto& process : processes) {
    // The lock is fair to nobody, so they may have most of their work before them.
    test::eventually([&] { return !process->running(); }, std::chrono::minutes(10));
    const test::Finished finished = process->wait();
    if (finished.code != 0) ++failed;
    std::cerr << finished.err;
  }
  const std::uint64_t expected = static_cast<std::uint64_t>(plan.threads + plan.processes) *
                                 static_cast<std::uint64_t>(plan.acquisitions);
  const std::uint64_t value = CounterFile(plan.counter).read().value;
  std::cout << "stress: " << plan.threads << " threads and " << plan.processes << " processes x "
            << plan.acquisitions << " acquisitions in " << (boot_time() - begin) / 1'000'000
            << " ms; counted " << value << " of " << expected << ", " << failed
            << " participants failed\n";
  return value == expected && failed == 0 ? 0 : 1;
}

}  // namespace mongoelector::torture
