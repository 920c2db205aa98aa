// Threads of ours in a process that is not ours.
#pragma once

#include <functional>
#include <thread>

namespace mongoelector::internal {

// Signals belong to the program: its handlers never run on this thread. Throws std::system_error
// when there are no more threads.
std::thread start_thread(std::function<void()> body);

}  // namespace mongoelector::internal
