// What a run, or a series of runs, looks like to others.
#pragma once

#include <string>

#include "simulation/model/runner.h"

namespace mongoelector::simulation {

// The terms and what became of them, for the independent checker: tests/verification/README.md says
// the format. True time is its one clock.
std::string history_as_json(const Result& result);

std::string counts_as_text(const Totals& totals);
std::string counts_as_json(const Totals& totals);

}  // namespace mongoelector::simulation
