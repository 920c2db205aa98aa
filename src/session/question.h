// One store call that is made on one thread for another, who does not wait longer than he can.
#pragma once

#include <condition_variable>
#include <mutex>
#include <type_traits>
#include <utility>

#include "mongoelector/clock.h"
#include "mongoelector/store.h"

namespace mongoelector::internal {

// What a caller is told who has no answer.
template <class Reply>
Reply no_answer(Outcome outcome) {
  Reply reply{};
  if constexpr (requires { reply.outcomes; }) {
    reply.outcomes.assign(1, outcome);
  } else if constexpr (requires { reply.outcome; }) {
    reply.outcome = outcome;
  }
  if constexpr (requires { reply.detail; }) reply.detail = "no answer in time";
  return reply;
}

template <class Call, class Settle>
class Question {
 public:
  using Reply = std::invoke_result_t<Call>;
  Question(Call call, Settle settle) : call_(std::move(call)), settle_(std::move(settle)) {}

  // On the thread that makes the call.
  void run() {
    {
      const std::lock_guard lock(mutex_);
      if (state_ == State::left) return;
      state_ = State::running;
    }
    Reply reply = call_();
    settle_(reply);
    const std::lock_guard lock(mutex_);
    reply_ = std::move(reply);
    state_ = State::answered;
    answered_.notify_one();
  }

  Reply await(Clock& clock, Instant until) {
    std::unique_lock lock(mutex_);
    while (state_ != State::answered && clock.now() < until) clock.wait(lock, answered_, until);
    if (state_ == State::answered) return std::move(reply_);
    if (state_ == State::running) return no_answer<Reply>(Outcome::unknown);
    state_ = State::left;
    lock.unlock();
    Reply reply = no_answer<Reply>(Outcome::unreachable);
    settle_(reply);
    return reply;
  }

 private:
  enum class State { queued, running, answered, left };
  const Call call_;
  const Settle settle_;
  std::mutex mutex_;
  std::condition_variable answered_;
  State state_ = State::queued;
  Reply reply_{};
};

}  // namespace mongoelector::internal
