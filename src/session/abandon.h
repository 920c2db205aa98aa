// Small pieces that lockers, electors and sessions share.
#pragma once

#include <memory>
#include <utility>

#include "mongoelector/connect.h"
#include "mongoelector/error.h"

namespace mongoelector::internal {

// In a forked child the parent's threads, connections and locks are copies that nobody runs;
// running their destructors would hang or speak to the store in the parent's name. They are left
// where they are.
template <class T>
void abandon(std::shared_ptr<T> what) {
  static_cast<void>(new std::shared_ptr<T>(std::move(what)));  // NOLINT: leaked on purpose
}

inline std::shared_ptr<Session> required(std::shared_ptr<Session> session) {
  if (!session) throw ArgumentError("the session is null");
  return session;
}

}  // namespace mongoelector::internal
