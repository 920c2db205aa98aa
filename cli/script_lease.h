// A lease that a script holds by its token: no process keeps it alive.
//
// The store has all there is to it. Who names the token is shown the lease_id by the record, and
// may renew or release with it.
#pragma once

#include <optional>
#include <string>

#include "cli/records.h"

namespace mongoelector::cli {

struct ScriptLease {
  std::optional<Lease> lease;
  Holder holder;
  std::string store;  // its URI, to show
  WallTime expires_at{};

  // The token, or "mongoelector.lease/1".
  void answer(Context& context) const;
};

// Asks again when the answer was lost. Throws Failure if the lease is lost, StoreError if there is
// no answer.
ScriptLease renew_lease(const Connection& connection, const Lease& lease, const Holder& holder);

}  // namespace mongoelector::cli
