// What this program does as the other process.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <thread>

#include "bench/bench.h"
#include "bench/candidate.h"
#include "bench/hold.h"
#include "bench/process.h"

namespace mongoelector::bench {

namespace {

void answer(long long number) {
  std::printf("%lld\n", number);
  std::fflush(stdout);
}

// Until the parent closes our stdin, or dies.
void await_end() {
  for (std::string line; std::getline(std::cin, line);) {
  }
}

long long resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  long long pages = 0;
  statm >> pages >> pages;
  return pages * sysconf(_SC_PAGESIZE);
}

}  // namespace

int run_locker(const std::string& uri) {
  MongoLocker lock(connect(uri), "bench");
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "pair") {
      const long long begin = monotonic_ns();
      lock.acquire();
      lock.release();
      answer(monotonic_ns() - begin);
    } else if (line == "acquire") {
      answer(0);
      lock.acquire();
      answer(monotonic_ns());
    } else {
      answer(monotonic_ns());
      lock.release();
      answer(0);
    }
  }
  return 0;
}

int run_candidate(const std::string& uri, const std::string& key, int ttl_s) {
  Candidate candidate(uri, key, std::chrono::seconds(ttl_s));
  candidate.follow();
  answer(0);
  answer(candidate.await_lead());
  await_end();
  answer(monotonic_ns());
  candidate.stop();
  return 0;
}

int run_idler(const std::string& uri, const std::string& key, int ttl_s, int span_s) {
  Candidate candidate(uri, key, std::chrono::seconds(ttl_s));
  candidate.follow();
  const auto cpu_us = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000'000LL + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
  };
  const long long before = cpu_us();
  std::this_thread::sleep_for(std::chrono::seconds(span_s));
  answer(cpu_us() - before);
  return 0;
}

int run_crowd(const std::string& uri, int sessions, int waiters) {
  std::vector<std::jthread> threads;
  for (int s = 0; s < sessions; ++s) {
    const auto session = connect(uri);
    for (int w = 0; w < waiters; ++w) {
      threads.emplace_back([session](const std::stop_token& stop) {
        MongoLocker lock(session, "bench");
        while (!stop.stop_requested()) {
          lock.acquire();
          std::this_thread::sleep_for(std::chrono::milliseconds(50));
          lock.release();
        }
      });
    }
  }
  answer(0);
  await_end();
  _exit(0);  // as a crowd that is killed: nobody waits for its turn
}

int run_holder(const std::string& uri, int count, int ttl_s) {
  const auto session = connect(uri);
  std::vector<std::unique_ptr<MongoLocker>> locks;
  for (const int upto : {std::min(count, 100), count}) {
    hold_locks(session, locks, upto, std::chrono::seconds(ttl_s));
    answer(resident_bytes());
    answer(threads_of_process());
  }
  for (std::string line; std::getline(std::cin, line);)
    answer(std::ranges::count_if(locks, [](const auto& lock) { return lock->owned(); }));
  _exit(0);  // giving back 10,000 locks takes a while, and is not what is measured
}

int run_role(const std::vector<std::string>& arguments) {
  const auto number = [&](std::size_t at) { return std::stoi(arguments.at(at)); };
  const std::string& role = arguments.at(0);
  const std::string& uri = arguments.at(1);
  if (role == "locker") return run_locker(uri);
  if (role == "candidate") return run_candidate(uri, arguments.at(2), number(3));
  if (role == "idler") return run_idler(uri, arguments.at(2), number(3), number(4));
  if (role == "crowd") return run_crowd(uri, number(2), number(3));
  if (role == "holder") return run_holder(uri, number(2), number(3));
  std::fprintf(stderr, "bench: no role %s\n", role.c_str());
  return 2;
}

}  // namespace mongoelector::bench
