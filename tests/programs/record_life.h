// What record_life writes.
#pragma once

#include <cstdint>

namespace mongoelector::test {

struct Life {
  std::int64_t from = 0;  // nanoseconds of CLOCK_BOOTTIME
  std::int64_t to = 0;
  std::int64_t supervisor = 0;  // pid of the tool that started it
};

}  // namespace mongoelector::test
