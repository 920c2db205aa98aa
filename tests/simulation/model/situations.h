// Probes that show in the history: what nobody who took part could see at the time.
#pragma once

#include "simulation/model/history.h"
#include "simulation/model/probes.h"
#include "simulation/model/profile.h"

namespace mongoelector::simulation {

void count_situations(const History& history, const Profile& profile, ProbeCounts& probes);

}  // namespace mongoelector::simulation
