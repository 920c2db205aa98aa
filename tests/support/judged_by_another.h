// A store after a failover: one record of a holder that is not heard of, expired by a clock that
// did not write its expiry, so that only standing still makes it free.
#pragma once

#include <atomic>
#include <chrono>

#include "support/faulty_store.h"

namespace mongoelector::test {

class JudgedByAnother : public FaultyStore {
 public:
  JudgedByAnother(std::shared_ptr<LeaseStore> store, Key key)
      : FaultyStore(std::move(store)), key_(std::move(key)) {}

  ClaimReply claim(const ClaimRequest& request) override {
    const Record record = left_behind();
    if (request.stood_still != mark_of(record)) return {.outcome = Outcome::held, .record = record};
    return {.outcome = Outcome::granted, .token = Token(8)};
  }
  ReadReply read(const Key&) override {
    ++reads_;
    return {.outcome = Outcome::granted, .record = left_behind()};
  }
  int reads() const { return reads_; }

 private:
  Record left_behind() const {
    return {.key = key_,
            .holder = {.uuid = "silent", .host = "h", .pid = 1},
            .lease_id = LeaseId("lease"),
            .token = Token(7),
            .ttl = std::chrono::seconds(60),
            .remaining = std::chrono::seconds(-5),
            .version = 3};
  }
  const Key key_;
  std::atomic<int> reads_{0};
};

}  // namespace mongoelector::test
