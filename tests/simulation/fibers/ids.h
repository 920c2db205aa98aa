// In place of the kernel's randomness: ids that count up, and jitter from the run's own generator.
#pragma once

#include <cstdint>

#include "mongoelector/lease.h"
#include "simulation/model/world.h"

namespace mongoelector::simulation {

// Of a new run: everything that follows is drawn from here.
void draw_ids_from(Random& random);

// The number of an id that was made here; 0 for none.
std::int64_t number_of(const LeaseId& id);

}  // namespace mongoelector::simulation
