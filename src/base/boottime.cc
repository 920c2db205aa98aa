#include "base/boottime.h"

#include <time.h>

#include <chrono>

namespace mongoelector::internal {

Duration boottime() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace mongoelector::internal
