#include "session/waker.h"

#include <algorithm>
#include <utility>

namespace mongoelector::internal {

void Waiter::wake(Woken why) {
  const std::lock_guard lock(mutex_);
  woken_ = std::max(woken_, why);
  changed_.notify_one();
}

void Waiter::make_front() {
  const std::lock_guard lock(mutex_);
  front_ = true;
  woken_ = std::max(woken_, Woken::look);
  changed_.notify_one();
}

bool Waiter::front() const {
  const std::lock_guard lock(mutex_);
  return front_;
}

Woken Waiter::wait(Clock& clock, Instant until) {
  std::unique_lock lock(mutex_);
  while (woken_ == Woken::no && clock.now() < until) clock.wait(lock, changed_, until);
  return std::exchange(woken_, Woken::no);
}

namespace {

// Between two tries to subscribe; doubled each time, until hints have lasted for the longest.
constexpr Duration kFirstPause = std::chrono::seconds(1);
constexpr Duration kLongestPause = std::chrono::seconds(30);
// What the end of a session may wait for a store to end its subscription. Nothing depends on it.
constexpr Duration kGoodbye = std::chrono::milliseconds(50);

// A subscription that throws has come to its end (S12: hints may be missing).
Watch::Hints next_hints(Watch& watch) {
  try {
    return watch.next();
  } catch (...) {
    return {.ended = true};
  }
}

// Nothing, with `why` empty: this store never sends hints.
std::shared_ptr<Watch> subscribe(LeaseStore& store, std::string& why) {
  try {
    return store.watch();
  } catch (const std::exception& error) {
    why = error.what();
  } catch (...) {
    why = "the store does not say why";
  }
  return nullptr;
}

}  // namespace

void Waker::start(Complaint complaint) {
  thread_.start([shared = shared_, store = store_, clock = clock_,
                 complaint = std::move(complaint)] { run(*shared, *store, *clock, complaint); });
}

// A subscription costs the server something for every lease that ends, so it waits for somebody who
// needs it. False when the session ends.
bool Waker::await_need(Shared& shared, Clock& clock) {
  std::unique_lock lock(shared.mutex);
  while (!shared.closing && !shared.needed)
    clock.wait(lock, shared.state_changed, Instant::max());
  return !shared.closing;
}

void Waker::need(Shared& shared) {
  if (!std::exchange(shared.needed, true)) shared.state_changed.notify_all();
}

void Waker::run(Shared& shared, LeaseStore& store, Clock& clock, const Complaint& complaint) {
  if (!await_need(shared, clock)) return;
  Duration length = kFirstPause;
  bool complained = false;
  for (;;) {
    const Instant since = clock.now();
    std::string why;
    const std::shared_ptr<Watch> watch = subscribe(store, why);
    if (watch) {
      complained = false;
      listen(shared, watch);
    } else if (why.empty()) {
      return;
    } else if (!std::exchange(complained, true)) {
      complaint(why);
    }
    if (clock.now() - since >= kLongestPause) length = kFirstPause;
    if (!pause(shared, clock, length)) return;
    length = std::min(2 * length, kLongestPause);
  }
}

void Waker::listen(Shared& shared, const std::shared_ptr<Watch>& watch) {
  {
    const std::lock_guard lock(shared.mutex);
    if (shared.closing) return;
    shared.watch = watch;
    tell_followed(shared);
  }
  // Whoever looked before there were hints may have looked too early.
  deliver(shared, {.anything = true});
  for (bool ended = false; !ended;) {
    const Watch::Hints hints = next_hints(*watch);
    ended = hints.ended;
    {
      const std::lock_guard lock(shared.mutex);
      if (ended) shared.watch = nullptr;
      if (shared.closing) return;
    }
    deliver(shared, hints);
  }
}

// False when the session ends.
bool Waker::pause(Shared& shared, Clock& clock, Duration length) {
  const Instant until = clock.now() + length;
  std::unique_lock lock(shared.mutex);
  while (!shared.closing && clock.now() < until) clock.wait(lock, shared.state_changed, until);
  return !shared.closing;
}

void Waker::tell_followed(Shared& shared) {
  if (!shared.watch) return;
  std::vector<Key> keys;
  for (const auto& [key, candidate] : shared.candidates) {
    if (candidate.follows && (keys.empty() || keys.back() != key)) keys.push_back(key);
  }
  shared.watch->follow(std::move(keys));
}

void Waker::deliver_renewals(Shared& shared, const Watch::Hints& hints) {
  std::vector<std::pair<std::shared_ptr<Participant>, Duration>> told;
  {
    const std::lock_guard lock(shared.mutex);
    for (const auto& [key, remaining] : hints.renewed) {
      const auto [from, to] = shared.candidates.equal_range(key);
      for (auto entry = from; entry != to; ++entry) {
        if (!entry->second.follows) continue;
        if (auto alive = entry->second.who.lock()) told.emplace_back(std::move(alive), remaining);
      }
    }
  }
  for (const auto& [who, remaining] : told) who->seen_renewed(remaining);
}

void Waker::deliver(Shared& shared, const Watch::Hints& hints) {
  // A lease that was renewed and then given up is free.
  deliver_renewals(shared, hints);
  std::vector<std::pair<std::shared_ptr<Participant>, bool>> woken;
  {
    const std::lock_guard lock(shared.mutex);
    // The end of the hints is one too: from now on everybody has to poll.
    const bool all = hints.anything || hints.ended;
    const auto freed = [&](const Key& key) {
      return std::find(hints.freed.begin(), hints.freed.end(), key) != hints.freed.end();
    };
    for (const auto& [key, candidate] : shared.candidates) {
      const bool given_up = freed(key);
      if (!given_up && !all) continue;
      if (auto alive = candidate.who.lock()) woken.emplace_back(std::move(alive), given_up);
    }
    for (auto& [key, queue] : shared.queues) {
      const bool given_up = freed(key);
      if (given_up || all) queue.front()->wake(given_up ? Woken::freed : Woken::look);
    }
  }
  for (const auto& [who, given_up] : woken) who->woken(given_up);
}

bool Waker::finish(Duration within) {
  std::shared_ptr<Watch> watch;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->closing = true;
    shared_->state_changed.notify_all();
    watch = shared_->watch;
  }
  if (watch) watch->cancel();
  return thread_.finish(*clock_, std::min(within, kGoodbye));
}

bool Waker::has_hints() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->watch != nullptr;
}

void Waker::add(const Key& key, const std::weak_ptr<Participant>& who) {
  const std::lock_guard lock(shared_->mutex);
  shared_->candidates.emplace(key, Candidate{who});
  tell_followed(*shared_);
  need(*shared_);
}

void Waker::remove(const Key& key, const Participant* who) {
  std::vector<std::shared_ptr<Participant>> others;  // must not end under the lock
  const std::lock_guard lock(shared_->mutex);
  const auto [from, to] = shared_->candidates.equal_range(key);
  for (auto entry = from; entry != to;) {
    const auto& alive = others.emplace_back(entry->second.who.lock());
    entry = !alive || alive.get() == who ? shared_->candidates.erase(entry) : std::next(entry);
  }
  tell_followed(*shared_);
}

void Waker::follow(const Key& key, const Participant* who, bool wanted) {
  std::vector<std::shared_ptr<Participant>> others;  // must not end under the lock
  const std::lock_guard lock(shared_->mutex);
  const auto [from, to] = shared_->candidates.equal_range(key);
  for (auto entry = from; entry != to; ++entry) {
    const auto& alive = others.emplace_back(entry->second.who.lock());
    if (alive.get() == who) entry->second.follows = wanted;
  }
  tell_followed(*shared_);
}

void Waker::join(const Key& key, Waiter& waiter) {
  const std::lock_guard lock(shared_->mutex);
  auto& queue = shared_->queues[key];
  queue.push_back(&waiter);
  if (queue.front() == &waiter) waiter.make_front();
  need(*shared_);
}

void Waker::leave(const Key& key, Waiter& waiter) {
  const std::lock_guard lock(shared_->mutex);
  const auto found = shared_->queues.find(key);
  auto& queue = found->second;
  const bool was_front = queue.front() == &waiter;
  queue.remove(&waiter);
  if (queue.empty()) {
    shared_->queues.erase(found);
  } else if (was_front) {
    queue.front()->make_front();
  }
}

std::size_t Waker::waiting_for(const Key& key) const {
  const std::lock_guard lock(shared_->mutex);
  const auto found = shared_->queues.find(key);
  return found == shared_->queues.end() ? 0 : found->second.size();
}

void Waker::freed_here(const Key& key) { deliver(*shared_, Watch::Hints{.freed = {key}}); }

}  // namespace mongoelector::internal
