// The name of this machine, for people.
#pragma once

#include <chrono>
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

}  // namespace mongoelector::internal
