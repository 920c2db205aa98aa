#include "simulation/fibers/threads.h"

#include <algorithm>
#include <utility>

namespace mongoelector::simulation {

namespace {

Threads::Id latest_id = 0;

}  // namespace

struct Threads::Thread {
  Thread(Threads& process, std::function<void()> body)
      : threads(process), fiber(std::make_unique<Fiber>(std::move(body))) {}

  Threads& threads;
  const Id id = ++latest_id;
  std::unique_ptr<Fiber> fiber;
  std::uint64_t turn = 0;  // a wake-up for an earlier one comes too late
  const std::condition_variable* waits_for = nullptr;
  Instant until = Instant::max();
  bool awaits = false;
  bool woken = false;
  int locks = 0;
};

namespace {

Threads::Thread* running = nullptr;

}  // namespace

Threads::Threads(World& world, const DriftingClock& clock, const Scheduling& scheduling,
                 std::function<void()> after)
    : world_(world), clock_(clock), scheduling_(scheduling), after_(std::move(after)) {}

Threads::~Threads() = default;

Threads::Id Threads::start(std::function<void()> body) {
  std::erase_if(threads_, [](const auto& thread) {
    return thread->fiber->ended() && thread.get() != running;
  });
  Thread* const thread =
      threads_.emplace_back(std::make_unique<Thread>(*this, std::move(body))).get();
  resume_after(*thread, latency());
  return thread->id;
}

Duration Threads::latency() { return world_.random.between(Duration(1), scheduling_.latency); }

void Threads::resume_after(Thread& thread, Duration delay) {
  world_.after(delay, [this, who = &thread, turn = thread.turn = ++turns_] { resume(*who, turn); });
}

void Threads::resume(Thread& thread, std::uint64_t turn) {
  // A thread that has ended may be gone, but then it was not waiting for a turn.
  const auto alive = [&] {
    return std::any_of(threads_.begin(), threads_.end(),
                       [&](const auto& one) { return one.get() == &thread; });
  };
  if (dead_ || !alive() || thread.turn != turn || thread.fiber->ended()) return;
  if (frozen_) {
    held_back_.push_back(&thread);
    return;
  }
  thread.turn = ++turns_;
  thread.waits_for = nullptr;
  thread.until = Instant::max();
  running = &thread;
  thread.fiber->resume();
  running = nullptr;
  after_();
}

void Threads::freeze() { frozen_ = true; }

void Threads::thaw() {
  frozen_ = false;
  // Every thread has waited for the processor; which runs first is anybody's guess.
  for (Thread* thread : std::exchange(held_back_, {})) resume_after(*thread, latency());
}

void Threads::kill() {
  dead_ = true;
  held_back_.clear();
  threads_.clear();
}

void Threads::arm(Thread& thread) {
  if (thread.until == Instant::max()) return;
  const TrueTime due = std::max(clock_.when(thread.until), world_.now());
  world_.at(due + latency(), [this, who = &thread, turn = thread.turn] { resume(*who, turn); });
}

void Threads::clock_jumped(Duration late) {
  for (const auto& thread : threads_) {
    if (thread->until == Instant::max() || thread->fiber->ended()) continue;
    const TrueTime due = std::max(clock_.when(thread->until), world_.now());
    world_.at(due + world_.random.between(Duration(1), late),
              [this, who = thread.get(), turn = thread->turn] { resume(*who, turn); });
  }
}

void Threads::wake(Thread* thread) {
  if (dead_) return;
  thread->woken = true;
  if (thread->awaits) resume_after(*thread, latency());
}

// ---- of the thread that runs ----

Threads::Thread* Threads::current() { return running; }
Threads::Id Threads::current_id() { return running == nullptr ? 0 : running->id; }
Threads& Threads::of_current() { return running->threads; }

void Threads::pass(Duration time) {
  Thread& me = *running;
  me.threads.resume_after(me, std::max(time, Duration(1)));
  me.fiber->yield();
}

void Threads::await() {
  Thread& me = *running;
  me.turn = ++me.threads.turns_;
  me.awaits = true;
  while (!std::exchange(me.woken, false)) me.fiber->yield();
  me.awaits = false;
}

void Threads::wait(std::unique_lock<std::mutex>& lock, const std::condition_variable& condition,
                   Instant until) {
  Thread& me = *running;
  lock.unlock();
  me.turn = ++me.threads.turns_;
  me.waits_for = &condition;
  me.until = until;
  me.threads.arm(me);
  me.fiber->yield();
  lock.lock();
}

void Threads::notify(const std::condition_variable& condition, bool all) {
  Threads& process = running->threads;
  std::vector<Thread*> waiting;
  for (const auto& thread : process.threads_) {
    if (thread->waits_for == &condition) waiting.push_back(thread.get());
  }
  if (waiting.empty()) return;
  if (!all) {
    const auto last = static_cast<std::int64_t>(waiting.size()) - 1;
    waiting = {waiting[static_cast<std::size_t>(process.world_.random.pick(0, last))]};
  }
  for (Thread* thread : waiting) {
    thread->waits_for = nullptr;
    thread->until = Instant::max();
    process.resume_after(*thread, process.latency());
  }
}

void Threads::about_to_lock() {
  if (running == nullptr || running->locks > 0) return;
  const Scheduling& scheduling = running->threads.scheduling_;
  Random& random = running->threads.world_.random;
  if (scheduling.preempt <= 0 || !random.chance(scheduling.preempt)) return;
  scheduling.on_preempted();
  pass(std::min(random.about(scheduling.longest_wait / 8), scheduling.longest_wait));
}

void Threads::locked() {
  if (running != nullptr) ++running->locks;
}

void Threads::unlocked() {
  if (running != nullptr) --running->locks;
}

Uninterrupted::Uninterrupted() : thread_(running) {
  if (thread_ != nullptr) ++thread_->locks;
}

Uninterrupted::~Uninterrupted() {
  if (thread_ != nullptr) --thread_->locks;
}

// ---- the clock ----

WallTime SimulatedClock::wall() const noexcept {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(
      wall_.at(world_.now()).time_since_epoch()));
}

void SimulatedClock::wait(std::unique_lock<std::mutex>& lock, std::condition_variable& condition,
                          Instant until) {
  Threads::wait(lock, condition, until);
}

}  // namespace mongoelector::simulation
