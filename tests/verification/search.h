// The exhaustive search that the checker is compared with: is there an order of all operations,
// consistent with the windows in which each happened, that a sequential lock with fencing tokens
// and a sequential register could have gone through? Shares no code with the checker but the
// history, and is of use up to about a dozen operations.
//
// It judges promises 1, 2 and 3. The checker may accept what the search rejects in one case: a
// write of unknown outcome counts for the checker as an update that may have happened, even if
// its token was too old to be accepted where it would have to stand.
#pragma once

#include "verification/checker/history.h"

namespace verification {

bool some_order_is_legal(const History& history);

}  // namespace verification
