#include "session/waiter_rows.h"

namespace mongoelector::internal {

WaiterRows::Still WaiterRows::still_waiting(const Key& key, Duration ttl, Instant now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(rows_, [&](const auto& row) { return !row.second.shown && row.second.due <= now; });
  Row& row = rows_[key];
  if (now < row.due) return {.come_again = row.due};
  row = {.ttl = ttl, .due = now + ttl / 2, .shown = true};
  return {.come_again = row.due, .write = true};
}

bool WaiterRows::nobody_waits(const Key& key) {
  const std::lock_guard lock(mutex_);
  const auto found = rows_.find(key);
  if (found == rows_.end() || !found->second.shown) return false;
  found->second.shown = false;
  return true;
}

Duration WaiterRows::ttl_of(const Key& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = rows_.find(key);
  return found == rows_.end() ? Duration::zero() : found->second.ttl;
}

}  // namespace mongoelector::internal
