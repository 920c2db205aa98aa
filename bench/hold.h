// Many locks at once.
#pragma once

#include <memory>
#include <vector>

#include "mongoelector/mongoelector.h"

namespace mongoelector::bench {

// Acquires "lock 0", "lock 1", ... until there are `count`, several at a time.
void hold_locks(const std::shared_ptr<Session>& session,
                std::vector<std::unique_ptr<MongoLocker>>& locks, int count, Duration ttl);

int threads_of_process();

}  // namespace mongoelector::bench
