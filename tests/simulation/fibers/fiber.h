// A thread of control with a stack of its own, switched to by hand: what a simulated program runs
// on in place of a thread. One runs at a time, in one thread of the system.
//
// Exceptions belong to a fiber like its stack: one that switches away while it handles an exception
// finds it again. A fiber that is never resumed is just forgotten, with everything on its stack:
// that is what kill -9 does to a thread.
#pragma once

#include <functional>
#include <memory>

namespace mongoelector::simulation {

class Fiber {
 public:
  explicit Fiber(std::function<void()> body);
  // The stack is used again; if the fiber has not ended, nothing of what it owns is destroyed.
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs it until it yields or ends. From outside all fibers.
  void resume();
  // Goes back to whoever resumed this fiber. From inside it.
  void yield();
  bool ended() const;
  // The one that runs, nullptr outside all.
  static Fiber* current();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mongoelector::simulation
