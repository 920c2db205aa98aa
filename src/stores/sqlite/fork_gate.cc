#include "stores/sqlite/fork_gate.h"

#include <pthread.h>

#include <condition_variable>
#include <mutex>
#include <vector>

namespace mongoelector::internal {

namespace {

struct Gate {
  std::mutex mutex;  // held from before a fork until after it
  std::condition_variable changed;
  int inside = 0;
  bool forking = false;
  std::vector<ForkGate::Member*> members;
};

Gate* present_gate = nullptr;

void before_fork() {
  std::unique_lock lock(present_gate->mutex);
  // Nobody new gets in, or a busy process could never fork.
  present_gate->forking = true;
  present_gate->changed.wait(lock, [] { return present_gate->inside == 0; });
  lock.release();
}

void after_fork_in_parent() {
  present_gate->forking = false;
  present_gate->mutex.unlock();
  present_gate->changed.notify_all();
}

void after_fork_in_child() {
  for (ForkGate::Member* member : present_gate->members) member->drop_inherited();
  // The old gate may have waiters that do not exist here.
  present_gate = new Gate;
}

Gate& gate() {
  // Never destroyed: a fork may come while the process ends.
  static const bool made = [] {
    present_gate = new Gate;
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
    return true;
  }();
  static_cast<void>(made);
  return *present_gate;
}

}  // namespace

ForkGate::Pass::Pass() {
  Gate& here = gate();
  std::unique_lock lock(here.mutex);
  here.changed.wait(lock, [&] { return !here.forking; });
  ++here.inside;
}

ForkGate::Pass::~Pass() {
  Gate& here = gate();
  const std::lock_guard lock(here.mutex);
  if (--here.inside == 0) here.changed.notify_all();
}

void ForkGate::add(Member& member) {
  const std::lock_guard lock(gate().mutex);
  gate().members.push_back(&member);
}

void ForkGate::remove(Member& member) {
  const std::lock_guard lock(gate().mutex);
  std::erase(gate().members, &member);
}

}  // namespace mongoelector::internal
