// A candidate in this process, and the other process of the hand-over figures.
#include "bench/candidate.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>

namespace mongoelector::bench {

Candidate::Candidate(const std::string& uri, Duration ttl)
    : elector_(connect(uri), "bench",
               ElectorOptions{.ttl = ttl,
                              .onmaster =
                                  [this](const Term&) {
                                    const std::lock_guard lock(mutex_);
                                    led_at_ = monotonic_ns();
                                    changed_.notify_all();
                                  },
                              .timeparanoid = false}) {}

void Candidate::follow() {
  led_at_ = 0;
  elector_.start();
  elector_.poll();
}

long long Candidate::await_lead() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return led_at_ != 0; });
  return led_at_;
}

int run_candidate(const std::string& uri, Duration ttl) {
  Candidate candidate(uri, ttl);
  candidate.follow();
  std::printf("%lld\n", candidate.await_lead());
  std::fflush(stdout);
  char byte = 0;
  while (read(0, &byte, 1) > 0) {
  }
  std::printf("%lld\n", monotonic_ns());
  std::fflush(stdout);
  candidate.stop();
  return 0;
}

int run_follower(const std::string& uri, Duration span) {
  Candidate candidate(uri, std::chrono::seconds(15));
  candidate.follow();
  const auto cpu_us = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000'000LL + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
  };
  const long long before = cpu_us();
  usleep(
      static_cast<useconds_t>(std::chrono::duration_cast<std::chrono::microseconds>(span).count()));
  std::printf("%lld\n", cpu_us() - before);
  std::fflush(stdout);
  return 0;
}

}  // namespace mongoelector::bench
