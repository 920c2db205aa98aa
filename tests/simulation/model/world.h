// Virtual time, one seeded generator, one queue of events: everything that happens in a simulation
// happens here, in one thread, in an order that the seed alone decides.
//
// True time is a Duration since the start of the run, so that it cannot be mixed up with an
// Instant, which is what one client's clock shows.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "mongoelector/clock.h"
#include "mongoelector/lease.h"

namespace mongoelector::simulation {

using TrueTime = Duration;

// SplitMix64: the same numbers on every machine and with every standard library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  double unit();  // [0, 1)
  bool chance(double probability) { return unit() < probability; }
  std::int64_t pick(std::int64_t low, std::int64_t high);     // both included
  Duration between(Duration low, Duration high);
  double between(double low, double high) { return low + (high - low) * unit(); }
  Duration about(Duration mean);  // exponential: mostly short, sometimes long; at most 8 x mean

 private:
  std::uint64_t state_;
};

class World {
 public:
  using Job = std::function<void()>;

  explicit World(std::uint64_t seed) : random(seed) {}

  Random random;
  TrueTime now() const { return now_; }
  void at(TrueTime when, Job job);
  void after(Duration delay, Job job) { at(now_ + delay, std::move(job)); }
  // False when it took more than `most_events`: something runs in circles.
  bool run_until(TrueTime end, std::uint64_t most_events);
  std::uint64_t events() const { return events_; }

 private:
  struct Event {
    TrueTime when;
    std::uint64_t order;  // equal times: first come, first served
    Job job;
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      return a.when != b.when ? a.when > b.when : a.order > b.order;
    }
  };

  TrueTime now_{};
  std::uint64_t order_ = 0;
  std::uint64_t events_ = 0;
  std::vector<Event> queue_;  // a heap
};

// A clock that runs at its own steady rate, from its own start, unless somebody sets it.
class DriftingClock {
 public:
  DriftingClock() = default;
  DriftingClock(double rate, Duration offset)
      : per_billion_(static_cast<std::int64_t>(rate * 1e9)), offset_(offset) {}

  // From now on it shows `by` more.
  void jump(Duration by) {
    offset_ += by;
    jumped_ += by;
  }
  // `rate`: 0.001 gains a millisecond a second.
  Instant at(TrueTime time) const;
  Duration without_jumps(TrueTime time) const { return at(time).time_since_epoch() - jumped_; }
  // The first moment at which this clock shows `shown` or more.
  TrueTime when(Instant shown) const;

 private:
  std::int64_t per_billion_ = 0;
  Duration offset_{};
  Duration jumped_{};
};

}  // namespace mongoelector::simulation
