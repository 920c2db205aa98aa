// CLOCK_BOOTTIME as a number, for what is written for other programs of this machine.
#pragma once

#include "mongoelector/lease.h"

namespace mongoelector::internal {

Duration boottime();  // since the boot, suspends included

}  // namespace mongoelector::internal
