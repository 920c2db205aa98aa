// Fencing tokens on MongoDB.
//
// On a replica set and through routers a token is the operationTime of the reply to the claim: the
// optime of the very write that took the key, so it grows per key whatever happened in between.
// A standalone server has none; there a counter document per key in a sibling collection, never
// deleted, gives them.
#pragma once

#include <mutex>
#include <string>
#include <unordered_set>

#include "mongoelector/lease.h"
#include "stores/mongo/driver.h"

namespace mongoelector::internal::mongo {

Token operation_time(const Bson& reply);

// The next token of `key`, for a lease that was just claimed on a standalone server: the counter is
// raised, then written into the lock document on the condition that the lease is still ours.
//
// The order makes tokens follow holders: a number given out was drawn while its lease was in force,
// after all that were confirmed for leases before it. Whoever lost the lease in between gets
// nothing, and a crash on the way leaves a lease that nobody was told of and a number nobody has.
//
// A counter that was removed, or is no number any more, starts again at the server's time.
struct Numbered {
  Token token = {};  // known: confirmed
  std::optional<Failure> failure = {};
};
// The collection of the counters for the keys of `collection`.
std::string tokens_beside(const std::string& collection);
Numbered next_token(Call& call, const std::string& database, const std::string& collection,
                    const std::string& key, const LeaseId& lease);

// Which leases have their token in the document already. Forgetting one costs a longer renewal,
// nothing else. Any thread.
class StoredTokens {
 public:
  bool has(const LeaseId& lease) const {
    const std::lock_guard lock(mutex_);
    return stored_.contains(lease.str());
  }
  void add(const LeaseId& lease) {
    const std::lock_guard lock(mutex_);
    stored_.insert(lease.str());
  }
  void forget(const LeaseId& lease) {
    const std::lock_guard lock(mutex_);
    stored_.erase(lease.str());
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_set<std::string> stored_;
};

}  // namespace mongoelector::internal::mongo
