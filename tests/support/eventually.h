// Waiting for something that other threads or processes bring about.
#pragma once

#include <chrono>
#include <thread>

namespace mongoelector::test {

// True as soon as `condition()` holds; false when it does not within `within`. Returns at once when
// it holds, so a long bound costs nothing but in a failing run.
template <class Condition>
bool eventually(const Condition& condition,
                std::chrono::milliseconds within = std::chrono::seconds(20)) {
  const auto until = std::chrono::steady_clock::now() + within;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace mongoelector::test
