// The hand-made histories of cases/*.txt.
#pragma once

#include <string>
#include <vector>

#include "verification/checker/history.h"

namespace verification {

struct Case {
  int promise = 0;  // the one that is broken; 0 in legal histories
  std::string name;
  std::string text;  // JSON Lines

  History history() const;  // fails the test if it cannot be read
};

// The longest time without a master that the cases allow.
constexpr Nanoseconds kCaseMaxGap = 1000;

std::vector<Case> bad_cases();
std::vector<Case> legal_cases();

}  // namespace verification
