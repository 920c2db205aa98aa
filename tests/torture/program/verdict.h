// From what the processes saw and what was done to them to a judgement: the file of the history for
// the independent checker, its verdict, and what only the torture can judge.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "torture/program/clients.h"
#include "torture/program/evidence.h"
#include "torture/program/history.h"

namespace mongoelector::torture {

struct Material {
  std::vector<Seen> seen;
  std::vector<Injected> injected;  // by time
  std::uint64_t fenced_value = 0;  // at the end
  std::uint64_t unfenced_value = 0;
  std::chrono::nanoseconds ttl{0};
};

// Writes `file` and fills in what follows from it.
void judge(const Material& material, const std::string& file, Outcome& outcome);

}  // namespace mongoelector::torture
