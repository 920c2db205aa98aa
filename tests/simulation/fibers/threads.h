// The threads of one simulated process, each a fiber, in virtual time.
//
// A thread runs until it waits. It waits in Clock::wait(), in pass() and in await(), and now and
// then for a lock, where the system may take the processor away from it: only there, and only while
// it holds no lock, which is enough to try the interleavings that matter, and keeps every lock free
// for whoever runs. After a wait it runs again a drawn latency later. The wait and notify of
// std::condition_variable and the C library's mutex functions are wrapped by the linker
// (wrapped.cc), so that the session's sources run here unchanged.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "mongoelector/clock.h"
#include "simulation/fibers/fiber.h"
#include "simulation/model/world.h"

namespace mongoelector::simulation {

struct Scheduling {
  Duration latency{};       // the longest time between "may run" and running
  double preempt = 0;       // how often a lock is waited for
  Duration longest_wait{};  // how long then, at most
  std::function<void()> on_preempted = [] {};
};

class Threads {
 public:
  // `clock` is the process's own, `after` runs whenever one of its threads has run.
  Threads(World& world, const DriftingClock& clock, const Scheduling& scheduling,
          std::function<void()> after);
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  struct Thread;
  using Id = std::uint64_t;  // of a thread, never used twice; 0: of none
  Id start(std::function<void()> body);
  // Nothing of it runs until thaw().
  void freeze();
  void thaw();
  bool frozen() const { return frozen_; }
  // Nothing of it runs any more, ever. Not from one of its own threads.
  void kill();
  bool dead() const { return dead_; }
  // The clock was set: whoever waits for a time looks again within `late`.
  void clock_jumped(Duration late);
  void stop_preempting() { scheduling_.preempt = 0; }
  // Lets a thread go on that is in await(), or the next time it comes there. From anywhere.
  void wake(Thread* thread);

  // ---- of the thread that runs ----
  static Thread* current();
  static Id current_id();
  static Threads& of_current();
  static void pass(Duration time);
  // Until wake(), which may have come before.
  static void await();
  static void wait(std::unique_lock<std::mutex>& lock, const std::condition_variable& condition,
                   Instant until);
  static void notify(const std::condition_variable& condition, bool all);
  static void about_to_lock();
  static void locked();
  static void unlocked();

 private:
  friend class Uninterrupted;
  void resume(Thread& thread, std::uint64_t turn);
  void resume_after(Thread& thread, Duration delay);
  void arm(Thread& thread);
  Duration latency();

  World& world_;
  const DriftingClock& clock_;
  Scheduling scheduling_;
  const std::function<void()> after_;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::vector<Thread*> held_back_;
  std::uint64_t turns_ = 0;
  bool frozen_ = false;
  bool dead_ = false;
};

// The running thread keeps the processor, whatever it locks, while one of these lives.
class Uninterrupted {
 public:
  Uninterrupted();
  ~Uninterrupted();
  Uninterrupted(const Uninterrupted&) = delete;
  Uninterrupted& operator=(const Uninterrupted&) = delete;

 private:
  Threads::Thread* const thread_;
};

// What Clock is for the process's session.
class SimulatedClock : public Clock {
 public:
  SimulatedClock(const World& world, const DriftingClock& clock, const DriftingClock& wall)
      : world_(world), clock_(clock), wall_(wall) {}
  Instant now() const noexcept override { return clock_.at(world_.now()); }
  Duration passed() const noexcept override { return clock_.without_jumps(world_.now()); }
  WallTime wall() const noexcept override;
  void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& condition,
            Instant until) override;

 private:
  const World& world_;
  const DriftingClock& clock_;
  const DriftingClock& wall_;
};

}  // namespace mongoelector::simulation
