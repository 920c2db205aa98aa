// One candidate of an election that notes when it came to lead.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>

#include "mongoelector/mongoelector.h"

namespace mongoelector::bench {

class Candidate {
 public:
  Candidate(const std::string& uri, const std::string& key, Duration ttl);
  void follow();           // starts, and returns after the first look
  long long await_lead();  // monotonic ns at which onmaster was called
  void stop() { elector_.stop(); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  long long led_at_ = 0;
  MongoElector elector_;
};

}  // namespace mongoelector::bench
