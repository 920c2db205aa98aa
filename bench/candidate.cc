#include "bench/candidate.h"

#include "bench/bench.h"

namespace mongoelector::bench {

Candidate::Candidate(const std::string& uri, const std::string& key, Duration ttl)
    : elector_(connect(uri), key,
               ElectorOptions{.ttl = ttl, .onmaster = [this](const Term&) {
                                const std::lock_guard lock(mutex_);
                                led_at_ = monotonic_ns();
                                changed_.notify_all();
                              }}) {}

void Candidate::follow() {
  led_at_ = 0;
  elector_.start();
  elector_.poll();
}

long long Candidate::await_lead() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return led_at_ != 0; });
  return led_at_;
}

}  // namespace mongoelector::bench
