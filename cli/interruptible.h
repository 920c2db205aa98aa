// Blocking calls of the library without being deaf to signals.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "cli/signals.h"
#include "mongoelector/clock.h"

namespace mongoelector::cli {

// The next pending signal that ends us while nothing is held, if there is one. Ctrl-Z stops us.
std::optional<int> first_that_ends(Signals& signals);

// What is done again and again while somebody waits, if anything.
struct Meanwhile {
  std::function<void()> what = {};
  Duration every = std::chrono::seconds(1);
};

// Runs `work` on a thread of its own until it returns, and throws what it throws. The first signal
// that asks the process to end calls `cancel` with its number, which has to make `work` return
// soon; then that number is the answer. A second one ends the process at once. What comes when the
// work is done is left to whoever is next, unless it asks to end.
std::optional<int> run_interruptible(Signals& signals, const std::function<void()>& work,
                                     const std::function<void(int)>& cancel,
                                     const Meanwhile& meanwhile = {});

// The same for what no signal may cut short: they are left to whoever is next.
void run_to_its_end(const std::function<void()>& work, const Meanwhile& meanwhile = {});

}  // namespace mongoelector::cli
