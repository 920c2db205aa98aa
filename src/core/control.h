// What the operators' row means to one member. Pure: time comes as an argument.
#pragma once

#include "mongoelector/records.h"

namespace mongoelector::internal {

struct ControlEffect {
  bool step_down = false;  // if master: hand over
  Duration barred_for{};   // from now on: do not claim
  Duration named_for{};    // from now on: the successor that was asked for, so do not yield
  Duration due_in{};       // look again then: what was announced is to happen
};

// `now` is the store's clock at the reading of `row`.
ControlEffect effect_of(const ControlRow& row, WallTime now, const Holder& self, Duration ttl);

}  // namespace mongoelector::internal
