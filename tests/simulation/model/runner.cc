#include "simulation/model/runner.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>

namespace mongoelector::simulation {

namespace {

constexpr std::uint64_t kSeedsOfAWorker = 200;
constexpr unsigned int kHangSeconds = 60;  // for one seed
constexpr std::size_t kFactsShown = 40;

struct Worker {
  pid_t pid = 0;
  int pipe = -1;
  std::string said;
};

void put(std::string& to, const void* what, std::size_t size) {
  to.append(static_cast<const char*>(what), size);
}

void write_all(int to, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t done = write(to, text.data() + at, text.size() - at);
    if (done <= 0) _exit(3);
    at += static_cast<std::size_t>(done);
  }
}

// What one worker says: its totals, then the failures, each as seed, two lengths and two texts.
[[noreturn]] void work(const Plan& plan, std::uint64_t first, std::uint64_t count,
                       std::uint64_t* current, int to) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  Totals totals;
  std::string failures;
  std::size_t failed = 0;
  for (std::uint64_t seed = first; seed < first + count && failed < plan.most_failures; ++seed) {
    *current = seed;
    alarm(kHangSeconds);
    plan.before_each(seed);
    const Result result = simulate(plan.mode, seed);
    totals.add(result);
    if (!result.breach) continue;
    ++failed;
    const std::string text = report(plan.mode, seed, result, kFactsShown);
    const std::uint64_t numbers[] = {seed, result.breach->promise.size(), text.size()};
    put(failures, numbers, sizeof numbers);
    failures += result.breach->promise + text;
  }
  std::string said;
  put(said, &totals, sizeof totals);
  write_all(to, said + failures);
  _exit(0);
}

class Pool {
 public:
  explicit Pool(const Plan& plan)
      : plan_(plan), next_(plan.first), workers_(static_cast<std::size_t>(plan.workers)) {
    void* const shared = mmap(nullptr, workers_.size() * sizeof(std::uint64_t),
                              PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) throw std::bad_alloc();
    current_ = static_cast<std::uint64_t*>(shared);
  }
  ~Pool() { munmap(current_, workers_.size() * sizeof(std::uint64_t)); }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  Series run() {
    for (;;) {
      std::vector<pollfd> open;
      for (Worker& worker : workers_) {
        if (worker.pid == 0 && wanted()) start(worker);
        if (worker.pid != 0) open.push_back({.fd = worker.pipe, .events = POLLIN, .revents = 0});
      }
      if (open.empty()) break;
      poll(open.data(), open.size(), -1);
      for (Worker& worker : workers_) hear(worker, open);
    }
    std::sort(series_.failures.begin(), series_.failures.end(),
              [](const FailedRun& a, const FailedRun& b) { return a.seed < b.seed; });
    series_.totals.violations = series_.failures.size();
    return std::move(series_);
  }

 private:
  bool wanted() const {
    return next_ < plan_.first + plan_.count && series_.failures.size() < plan_.most_failures;
  }

  void start(Worker& worker) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("no pipe to be had");
    const std::uint64_t first = next_;
    const std::uint64_t count = std::min(kSeedsOfAWorker, plan_.first + plan_.count - next_);
    next_ += count;
    std::fflush(nullptr);
    worker.pid = fork();
    if (worker.pid < 0) throw std::runtime_error("no process to be had");
    if (worker.pid == 0) {
      close(ends[0]);
      work(plan_, first, count, &current_[&worker - workers_.data()], ends[1]);
    }
    close(ends[1]);
    worker.pipe = ends[0];
    worker.said.clear();
  }

  void hear(Worker& worker, const std::vector<pollfd>& open) {
    const bool ready = std::any_of(open.begin(), open.end(), [&](const pollfd& one) {
      return one.fd == worker.pipe && one.revents != 0;
    });
    if (worker.pid == 0 || !ready) return;
    char buffer[65536];
    const ssize_t size = read(worker.pipe, buffer, sizeof buffer);
    if (size > 0) return put(worker.said, buffer, static_cast<std::size_t>(size));
    close(worker.pipe);
    int status = 0;
    waitpid(worker.pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      take(worker.said);
    } else {
      take_death(current_[&worker - workers_.data()], status);
    }
    worker = {};
  }

  void take(const std::string& said) {
    Totals totals;
    said.copy(reinterpret_cast<char*>(&totals), sizeof totals);  // NOLINT: plain numbers
    series_.totals.add(totals);
    for (std::size_t at = sizeof totals; at < said.size();) {
      std::uint64_t numbers[3];
      said.copy(reinterpret_cast<char*>(numbers), sizeof numbers, at);  // NOLINT: plain numbers
      at += sizeof numbers;
      series_.failures.push_back({.seed = numbers[0],
                                  .promise = said.substr(at, numbers[1]),
                                  .report = said.substr(at + numbers[1], numbers[2])});
      at += numbers[1] + numbers[2];
    }
  }

  void take_death(std::uint64_t seed, int status) {
    const bool hangs = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
    Result result;
    result.breach = Breach{.promise = hangs ? "no_hang" : "no_crash",
                           .detail = "the run ended with status " + std::to_string(status)};
    series_.failures.push_back({.seed = seed,
                                .promise = result.breach->promise,
                                .report = report(plan_.mode, seed, result, 0)});
  }

  const Plan& plan_;
  std::uint64_t next_;
  std::vector<Worker> workers_;
  std::uint64_t* current_ = nullptr;  // the seed that each is at
  Series series_;
};

}  // namespace

void Totals::add(const Result& result) {
  ++histories;
  events += result.events;
  simulated_seconds += std::chrono::duration_cast<std::chrono::seconds>(result.simulated).count();
  for (std::size_t i = 0; i < kProbes; ++i) probes[i] += result.probes[i];
  for (std::size_t i = 0; i < kFaults; ++i) faults[i] += result.faults[i];
}

void Totals::add(const Totals& other) {
  histories += other.histories;
  events += other.events;
  simulated_seconds += other.simulated_seconds;
  for (std::size_t i = 0; i < kProbes; ++i) probes[i] += other.probes[i];
  for (std::size_t i = 0; i < kFaults; ++i) faults[i] += other.faults[i];
}

std::uint64_t Totals::all_faults() const {
  std::uint64_t all = 0;
  for (const std::uint64_t count : faults) all += count;
  return all;
}

Series run_series(const Plan& plan) { return Pool(plan).run(); }

}  // namespace mongoelector::simulation
