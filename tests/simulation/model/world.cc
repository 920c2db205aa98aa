#include "simulation/model/world.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace mongoelector::simulation {

std::uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15ULL;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
  return mixed ^ (mixed >> 31);
}

double Random::unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

std::int64_t Random::pick(std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
}

Duration Random::between(Duration low, Duration high) {
  return Duration(pick(low.count(), std::max(low, high).count()));
}

Duration Random::about(Duration mean) {
  const double times = std::min(-std::log(1 - unit()), 8.0);
  return std::chrono::duration_cast<Duration>(mean * times);
}

void World::at(TrueTime when, Job job) {
  queue_.push_back({std::max(when, now_), order_++, std::move(job)});
  std::push_heap(queue_.begin(), queue_.end(), Later());
}

bool World::run_until(TrueTime end, std::uint64_t most_events) {
  while (!queue_.empty() && queue_.front().when <= end) {
    if (++events_ > most_events) return false;
    std::pop_heap(queue_.begin(), queue_.end(), Later());
    const Event event = std::move(queue_.back());
    queue_.pop_back();
    now_ = event.when;
    event.job();
  }
  now_ = end;
  return true;
}

Instant DriftingClock::at(TrueTime time) const {
  // Whole seconds and the rest apart: the product of both would not fit.
  constexpr std::int64_t kBillion = 1'000'000'000;
  const std::int64_t seconds = time.count() / kBillion;
  const std::int64_t rest = time.count() % kBillion;
  const std::int64_t gained = seconds * per_billion_ + rest * per_billion_ / kBillion;
  return Instant(time + Duration(gained) + offset_);
}

TrueTime DriftingClock::when(Instant shown) const {
  const double rate = 1 + static_cast<double>(per_billion_) / 1e9;
  const double elapsed = static_cast<double>((shown.time_since_epoch() - offset_).count());
  TrueTime guess(static_cast<std::int64_t>(elapsed / rate));
  while (at(guess) >= shown) guess -= Duration(1);
  while (at(guess) < shown) guess += Duration(1);
  return guess;
}

}  // namespace mongoelector::simulation
