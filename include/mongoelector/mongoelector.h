// Everything. Guide: elector.h (start here), locker.h, connect.h, options.h, error.h, lease.h,
// events.h; records.h for history and operators; store.h, clock.h and memory_store.h are for people
// who write a store or test with their own time.
#pragma once

#include "mongoelector/clock.h"
#include "mongoelector/connect.h"
#include "mongoelector/elector.h"
#include "mongoelector/error.h"
#include "mongoelector/events.h"
#include "mongoelector/lease.h"
#include "mongoelector/locker.h"
#include "mongoelector/memory_store.h"
#include "mongoelector/options.h"
#include "mongoelector/records.h"
#include "mongoelector/store.h"
#include "mongoelector/version.h"
