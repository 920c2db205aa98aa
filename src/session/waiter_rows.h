// What is due to be told of those who wait for locks in this process (WaitersRow). One row for each
// key, however many wait, and no more than one write of it in half a ttl. Pure bookkeeping: the
// runtime writes the rows.
#pragma once

#include <map>
#include <mutex>
#include <optional>

#include "mongoelector/clock.h"
#include "mongoelector/lease.h"

namespace mongoelector::internal {

// All members may be called from any thread.
class WaiterRows {
 public:
  // Somebody still waits: when to come again, and whether the row is due now.
  struct Still {
    Instant come_again;
    bool write = false;
  };
  Still still_waiting(const Key& key, Duration ttl, Instant now);
  // The last one's wait is over: whether there is a row to remove.
  bool nobody_waits(const Key& key);
  // With which ttl a row is to be written.
  Duration ttl_of(const Key& key) const;

 private:
  struct Row {
    Duration ttl{};
    Instant due{};
    bool shown = false;  // written, or about to be
  };
  mutable std::mutex mutex_;
  std::map<Key, Row> rows_;  // of an ended wait too, until the next write would be due
};

}  // namespace mongoelector::internal
