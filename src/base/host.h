// Names of this machine and process, for people and for the embedded store.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "mongoelector/clock.h"

namespace mongoelector::internal {

std::string host_name();
// A name that somebody else knows, asked for once and aside.
class NameLookUp {
 public:
  // Begins to ask, on a thread that is left behind if it gets no answer.
  explicit NameLookUp(std::function<std::string()> ask);
  // The answer, or nothing if there is none `patience` after the beginning.
  std::string get(Duration patience) const;

 private:
  struct Answer;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  const std::shared_ptr<Answer> answer_;
};

// As Python's socket.getfqdn(): the first dotted name the resolver gives, else the plain host name.
// Looked up once. A resolver that does not answer is waited for until a second after the first
// call of either.
std::string qualified_host_name();
// For who knows that the name will be needed soon: does not block.
void begin_qualified_host_name();

std::int64_t process_id();

// boot_id() changes with every boot of the machine; time_namespace() tells apart the monotonic
// clocks of one boot. Throws std::runtime_error where /proc does not tell.
std::string boot_id();
std::string time_namespace();

// CLOCK_MONOTONIC in milliseconds: the clock that judges leases of the embedded store.
std::int64_t monotonic_ms();
// The wall clock, in seconds since 1970.
std::int64_t wall_seconds();

}  // namespace mongoelector::internal
