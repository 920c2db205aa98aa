#include "simulation/fibers/fiber.h"

#include <cxxabi.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1  // as gcc says it
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

namespace mongoelector::simulation {

namespace {

constexpr std::size_t kStackBytes = 256 * 1024;
constexpr std::size_t kGuardBytes = 4096;

// The C++ runtime's record of the exceptions under way, one per thread; the ABI fixes its two
// members (https://itanium-cxx-abi.github.io/cxx-abi/abi-eh.html, 2.2.2).
struct Exceptions {
  void* caught = nullptr;
  unsigned int uncaught = 0;
};

void swap_exceptions(Exceptions& mine) {
  void* const globals = abi::__cxa_get_globals();
  Exceptions theirs;
  std::memcpy(&theirs, globals, sizeof theirs);
  std::memcpy(globals, &mine, sizeof mine);
  mine = theirs;
}

std::vector<void*>& spare_stacks() {
  static std::vector<void*> stacks;
  return stacks;
}

void* take_stack() {
  auto& spare = spare_stacks();
  if (!spare.empty()) {
    void* const stack = spare.back();
    spare.pop_back();
    return stack;
  }
  void* const stack = mmap(nullptr, kGuardBytes + kStackBytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) throw std::bad_alloc();
  mprotect(stack, kGuardBytes, PROT_NONE);  // an overflow ends the run instead of spoiling it
  return stack;
}

Fiber* running = nullptr;

}  // namespace

struct Fiber::State {
  std::function<void()> body;
  void* stack = nullptr;
  bool begun = false;
  bool ended = false;
  bool forgotten = false;
  Exceptions exceptions = {};
  // A context is only needed for the first switch; the jumps after that make no system call.
  ucontext_t first = {};
  ucontext_t outside = {};
  jmp_buf inside_jump = {};
  jmp_buf outside_jump = {};
  void* fake_stack = nullptr;
  void* outside_fake_stack = nullptr;
  const void* outside_stack = nullptr;
  std::size_t outside_size = 0;

  char* base() const { return static_cast<char*>(stack) + kGuardBytes; }

#ifdef __SANITIZE_ADDRESS__
  void leave(void** save, const void* to, std::size_t size) {
    __sanitizer_start_switch_fiber(save, to, size);
  }
  void arrive_inside() {
    __sanitizer_finish_switch_fiber(fake_stack, &outside_stack, &outside_size);
  }
  void arrive_outside() {
    __sanitizer_finish_switch_fiber(outside_fake_stack, nullptr, nullptr);
  }
  // ASan keeps a second stack for each fiber, which only the fiber itself can give back, by leaving
  // for good.
  static constexpr bool kLeavesForGood = true;
#else
  void leave(void**, const void*, std::size_t) {}
  void arrive_inside() {}
  void arrive_outside() {}
  static constexpr bool kLeavesForGood = false;
#endif

  static void enter(unsigned int low, unsigned int high) {
    auto* const state = reinterpret_cast<State*>(  // NOLINT: makecontext passes only integers
        std::uintptr_t{low} | (std::uintptr_t{high} << 32));
    state->arrive_inside();
    state->body();
    state->body = nullptr;
    state->ended = true;
    state->leave_for_good();
  }

  [[noreturn]] void leave_for_good() {
    leave(nullptr, outside_stack, outside_size);
    _longjmp(outside_jump, 1);
  }
};

Fiber::Fiber(std::function<void()> body) : state_(std::make_unique<State>()) {
  state_->body = std::move(body);
  state_->stack = take_stack();
}

Fiber::~Fiber() {
  if (State::kLeavesForGood && state_->begun && !state_->ended) {
    state_->forgotten = true;
    resume();
  }
  spare_stacks().push_back(state_->stack);
  if (!state_->ended)
    static_cast<void>(new std::function<void()>(std::move(state_->body)));  // NOLINT: left alone
}

void Fiber::resume() {
  State& state = *state_;
  running = this;
  swap_exceptions(state.exceptions);
  state.leave(&state.outside_fake_stack, state.base(), kStackBytes);
  if (_setjmp(state.outside_jump) == 0) {
    if (std::exchange(state.begun, true)) _longjmp(state.inside_jump, 1);
    getcontext(&state.first);
    state.first.uc_stack.ss_sp = state.base();
    state.first.uc_stack.ss_size = kStackBytes;
    state.first.uc_link = nullptr;
    const auto address = reinterpret_cast<std::uintptr_t>(&state);
    makecontext(&state.first, reinterpret_cast<void (*)()>(&State::enter), 2,
                static_cast<unsigned int>(address), static_cast<unsigned int>(address >> 32));
    swapcontext(&state.outside, &state.first);
  }
  state.arrive_outside();
  swap_exceptions(state.exceptions);
  running = nullptr;
}

void Fiber::yield() {
  State& state = *state_;
  state.leave(&state.fake_stack, state.outside_stack, state.outside_size);
  if (_setjmp(state.inside_jump) == 0) _longjmp(state.outside_jump, 1);
  state.arrive_inside();
  if (state.forgotten) state.leave_for_good();
}

bool Fiber::ended() const { return state_->ended; }

Fiber* Fiber::current() { return running; }

}  // namespace mongoelector::simulation
