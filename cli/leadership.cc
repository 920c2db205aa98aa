#include "cli/leadership.h"

#include <utility>

namespace mongoelector::cli {

void Leadership::onmaster(const Term& term) {
  const std::lock_guard lock(mutex_);
  term_ = term;
  wake_.notify();
}

void Leadership::onmasterloss() {
  std::unique_lock lock(mutex_);
  term_.reset();
  wake_.notify();
  while (working_) clock_.wait(lock, idle_, Instant::max());
}

void Leadership::onloop() {
  const std::lock_guard lock(mutex_);
  looked_ = true;
  wake_.notify();
}

std::optional<Term> Leadership::term() const {
  const std::lock_guard lock(mutex_);
  return term_;
}

bool Leadership::looked() {
  const std::lock_guard lock(mutex_);
  return std::exchange(looked_, false);
}

bool Leadership::begin_work() {
  const std::lock_guard lock(mutex_);
  working_ = term_ && term_->valid();
  return working_;
}

void Leadership::end_work() {
  const std::lock_guard lock(mutex_);
  working_ = false;
  idle_.notify_all();
}

}  // namespace mongoelector::cli
