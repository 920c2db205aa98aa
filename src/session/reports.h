// Sentences about leases that more than one place needs: events and exception messages say the same
// thing the same way.
#pragma once

#include <string>

#include "core/lease_machine.h"
#include "mongoelector/lease.h"
#include "mongoelector/store.h"

namespace mongoelector::internal {

// web-2 (pid 4121) since 2026-11-21T20:53:01.007Z, lease ends in 31s
std::string describe_holder(const Record& record);

// "the store is unreachable: no primary", "... denied it: wrong password"
std::string describe_trouble(Outcome outcome, const std::string& detail);

// Why a lease is lost.
std::string describe_loss(LossReason reason);

// The start of every status row and holder: this process, a fresh uuid.
Holder make_holder(const std::string& label, const std::string& note, bool shared_store);

// Throws ArgumentError naming `option` unless it is text that fits.
void check_label_and_note(const std::string& label, const std::string& note);

}  // namespace mongoelector::internal
