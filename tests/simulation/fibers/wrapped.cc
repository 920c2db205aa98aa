// What the linker puts in the place of locking, waiting and notifying (--wrap in CMakeLists.txt).
// Outside the simulated threads everything is as ever.
#include <pthread.h>

#include <condition_variable>
#include <mutex>

#include "simulation/fibers/threads.h"

using mongoelector::simulation::Threads;

extern "C" {

int __real_pthread_mutex_lock(pthread_mutex_t* mutex);    // NOLINT: the linker chooses the names
int __real_pthread_mutex_unlock(pthread_mutex_t* mutex);  // NOLINT
// NOLINTNEXTLINE
void __real__ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE(
    std::condition_variable* condition, std::unique_lock<std::mutex>& lock);
void __real__ZNSt18condition_variable10notify_oneEv(std::condition_variable* condition);  // NOLINT
void __real__ZNSt18condition_variable10notify_allEv(std::condition_variable* condition);  // NOLINT

int __wrap_pthread_mutex_lock(pthread_mutex_t* mutex) {  // NOLINT
  Threads::about_to_lock();
  const int failed = __real_pthread_mutex_lock(mutex);
  Threads::locked();
  return failed;
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t* mutex) {  // NOLINT
  Threads::unlocked();
  return __real_pthread_mutex_unlock(mutex);
}

// NOLINTNEXTLINE
void __wrap__ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE(
    std::condition_variable* condition, std::unique_lock<std::mutex>& lock) {
  if (Threads::current() == nullptr)
    return __real__ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE(condition, lock);
  Threads::wait(lock, *condition, mongoelector::Instant::max());
}

void __wrap__ZNSt18condition_variable10notify_oneEv(std::condition_variable* condition) {  // NOLINT
  if (Threads::current() == nullptr)
    return __real__ZNSt18condition_variable10notify_oneEv(condition);
  Threads::notify(*condition, false);
}

void __wrap__ZNSt18condition_variable10notify_allEv(std::condition_variable* condition) {  // NOLINT
  if (Threads::current() == nullptr)
    return __real__ZNSt18condition_variable10notify_allEv(condition);
  Threads::notify(*condition, true);
}

}  // extern "C"
