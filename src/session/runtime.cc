#include "session/runtime.h"

#include <algorithm>
#include <utility>

#include "base/ids.h"
#include "mongoelector/error.h"
#include "session/guarded_store.h"

namespace mongoelector::internal {

namespace {

// What ~Session may take beyond one call budget.
constexpr Duration kFinishWithin = std::chrono::seconds(2);
// Nothing depends on upkeep, and a store nearby has done it by then. Of a distant one the call
// under way is waited for: who ends should leave nobody behind in the driver.
constexpr Duration kUpkeepWithin = std::chrono::milliseconds(250);
constexpr Duration kTimeCheckEvery = std::chrono::minutes(10);

std::shared_ptr<Clock> pick_clock(const ConnectOptions& options, bool shared) {
  if (options.clock) return options.clock;
  return shared ? make_shared_store_clock() : make_machine_clock();
}

}  // namespace

Runtime::Runtime(std::shared_ptr<LeaseStore> store, ConnectOptions options)
    : store_(guard_store(std::move(store), answers_)),
      events_(std::make_shared<Events>(std::move(options.on_event))),
      shared_(store_->shared()),
      shares_with_python_(options.python_fleet != PythonFleet::none),
      clock_(pick_clock(options, shared_)),
      watchdog_(clock_),
      keeper_(store_, clock_),
      waker_(store_, clock_),
      dispatcher_(clock_),
      errands_(clock_),
      records_(clock_),
      upkeep_(clock_),
      proxy_(clock_) {
  see_time_at_opening();
}

void Runtime::see_time_at_opening() {
  const auto seen = store_->opening().time;
  if (!seen) return;
  const Duration age = clock_->wall() - seen->after;
  if (age < Duration::zero() || age >= kTimeCheckEvery) return;
  const StoreTime time = compensated(seen->before, seen->store, seen->after);
  time_seen(time);
  const std::lock_guard lock(time_mutex_);
  // Opening takes its time. Only what is good at the worst saves a look of its own.
  time_off_by_ = std::chrono::abs(time.offset) + time.blur;
  time_good_until_ = clock_->now() + kTimeCheckEvery - age;
}

void Runtime::require_same_process() const {
  if (!same_process()) {
    throw Error(
        "this session was made before fork(); it is inert in the child: connect() anew there");
  }
}

void Runtime::start(Duration call_budget, Crew crew) {
  {
    const std::lock_guard lock(budget_mutex_);
    if (call_budget < call_budget_) {
      call_budget_ = call_budget;
      store_->limit_calls(call_budget);
    }
  }
  if (events_->sink) crew = std::max(crew, Crew::callbacks);
  const std::lock_guard lock(threads_mutex_);
  if (crew <= crew_) return;
  // Each starts once, so a start that failed half-way is taken up by the next.
  watchdog_.start();
  keeper_.start();
  if (crew >= Crew::callbacks) dispatcher_.start();
  if (crew >= Crew::candidate) {
    errands_.start();
    records_.start();
    begin_waker();
  }
  crew_ = crew;
}

void Runtime::begin_waker() {
  waker_.start([weak = weak_from_this()](const std::string& why) {
    if (const auto me = weak.lock())
      me->emit({.kind = EventKind::store_warning, .message = "no wake-ups, polling only: " + why});
  });
}

void Runtime::start_late(WorkQueue& queue) noexcept {
  try {
    const std::lock_guard lock(threads_mutex_);
    queue.start();
  } catch (const std::exception&) {  // what was posted waits for the next that is
  }
}

void Runtime::start_waker() noexcept {
  try {
    const std::lock_guard lock(threads_mutex_);
    begin_waker();
  } catch (const std::exception&) {  // hints may be missing
  }
}

void Runtime::errand(std::function<void()> job) {
  // In this order: a session that ends in between drops the job or runs it to its end.
  start_late(errands_);
  errands_.post(std::move(job));
}

void Runtime::record(std::function<void()> job) {
  start_late(records_);
  records_.post(std::move(job));
}

void Runtime::by_proxy(std::function<void()> job) noexcept {
  start_late(proxy_);
  try {
    proxy_.post(std::move(job));
  } catch (const std::exception&) {  // no memory: the caller leaves without an answer
  }
}

int Runtime::threads() const {
  if (!same_process()) return 0;
  const std::lock_guard lock(threads_mutex_);
  return int{watchdog_.running()} + int{keeper_.running()} + int{waker_.running()} +
         int{dispatcher_.running()} + int{errands_.running()} + int{records_.running()} +
         int{upkeep_.running()} + int{proxy_.running()};
}

void Runtime::schedule(const std::shared_ptr<Participant>& who, Instant tick_at, Instant renew_at,
                       Duration slack) {
  watchdog_.set(who, tick_at);
  keeper_.set(who, renew_at, slack);
}

void Runtime::Events::tell(const Event& event) const noexcept {
  try {
    sink(event);
  } catch (...) {  // a report has no one to complain to
  }
}

void Runtime::Events::tell_dropped() noexcept {
  const std::size_t count = dropped.exchange(0);
  if (count == 0) return;
  tell({.kind = EventKind::events_dropped,
        .message = std::to_string(count) + " events dropped: the sink is too slow"});
}

void Runtime::emit(Event event) {
  if (!events_->sink) return;
  if (events_->queued.load() >= kMaxQueuedEvents) {
    ++events_->dropped;
    return;
  }
  ++events_->queued;
  const bool after_gap = events_->dropped.load() > 0;
  dispatcher_.post([events = events_, what = std::move(event), after_gap] {
    if (after_gap) events->tell_dropped();
    events->tell(what);
    // The gap may be at the end, with nothing after it.
    if (--events->queued == 0) events->tell_dropped();
  });
}

Instant Runtime::still_waiting(const Key& key, Duration ttl) {
  if (!store_->keeps_waiters()) return Instant::max();
  const auto still = waiter_rows_.still_waiting(key, ttl, clock_->now());
  if (still.write) record([me = shared_from_this(), key] { me->write_waiters(key); });
  return still.come_again;
}

void Runtime::waited(const Key& key) noexcept {
  try {
    if (waker_.waiting_for(key) > 0 || !waiter_rows_.nobody_waits(key)) return;
    record([me = shared_from_this(), key] { me->write_waiters(key); });
  } catch (const std::exception&) {  // the row ends by itself
  }
}

void Runtime::leased() noexcept {
  if (maintained_.load() || !store_->needs_maintenance() || maintained_.exchange(true)) return;
  start_late(upkeep_);
  try {
    upkeep_.post([me = shared_from_this()] { me->maintain(); });
  } catch (const std::exception&) {
    maintained_ = false;
  }
}

void Runtime::maintain() {
  try {
    tell_new(store_->maintain(end_upkeep_.get_token()));
  } catch (const std::exception&) {  // the next renewal is another occasion
    maintained_ = false;
  }
}

// For people only, so a failure is not worth a word; the next write tries again.
void Runtime::write_waiters(const Key& key) {
  if (waiters_uuid_.empty()) waiters_uuid_ = new_uuid();
  store_->report_waiters({.key = key,
                          .uuid = waiters_uuid_,
                          .waiting = static_cast<std::int64_t>(waker_.waiting_for(key)),
                          .ttl = waiter_rows_.ttl_of(key)});
}

std::optional<Duration> Runtime::time_offset(Duration max_offset) {
  const StoreOpening opening = store_->opening();
  tell_new(opening.warnings);
  if (!opening.own_clock) return std::nullopt;
  {
    const std::lock_guard lock(time_mutex_);
    // Others may have asked with another limit.
    if (clock_->now() < time_good_until_ && time_off_by_ <= max_offset) return std::nullopt;
  }
  const auto time = store_time();
  if (!time) return std::nullopt;  // the call this check precedes will tell
  tell_new(time->warnings);
  const Duration off_by = std::chrono::abs(time->offset) - time->blur;
  if (off_by > max_offset) return time->offset;
  const std::lock_guard lock(time_mutex_);
  time_good_until_ = clock_->now() + kTimeCheckEvery;
  time_off_by_ = off_by;
  return std::nullopt;
}

std::optional<StoreTime> Runtime::store_time() {
  auto time = ask_store_time(*store_, *clock_);
  if (time && time->measured) time_seen(*time);
  return time;
}

void Runtime::time_seen(const StoreTime& time) {
  const NodeStatus::ClockOffset seen{-time.offset, time.blur};
  const std::lock_guard lock(time_mutex_);
  const Instant now = clock_->now();
  if (clock_offset_ && now - clock_measured_at_ < kTimeCheckEvery) {
    // A slow call does not replace what a quick one has shown, unless they cannot both be true.
    const Duration apart = std::chrono::abs(seen.offset - clock_offset_->offset);
    if (seen.error > clock_offset_->error && apart <= seen.error + clock_offset_->error) return;
  }
  clock_offset_ = seen;
  clock_measured_at_ = now;
}

std::optional<NodeStatus::ClockOffset> Runtime::clock_offset() const {
  const std::lock_guard lock(time_mutex_);
  return clock_offset_;
}

void Runtime::tell_new(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) {
    {
      const std::lock_guard lock(time_mutex_);
      if (!warnings_told_.insert(warning).second) continue;
    }
    emit({.kind = EventKind::store_warning, .message = warning});
  }
}

void Runtime::finish() {
  Duration budget;
  {
    const std::lock_guard lock(budget_mutex_);
    if (call_budget_ == Duration::max()) return;  // never started
    budget = call_budget_;
  }
  const Instant until = clock_->now() + budget + kFinishWithin;
  const auto left = [&] { return std::max(until - clock_->now(), Duration::zero()); };
  // Calls first: they may still give back leases, and what a caller did not wait for may post an
  // errand; records of that follow. The dispatcher after everything that posts to it.
  proxy_.finish(left());
  errands_.finish(left());
  records_.finish(left());
  upkeep_.await_idle(std::min(left(), kUpkeepWithin));
  end_upkeep_.request_stop();
  upkeep_.finish(left());
  watchdog_.finish(left());
  keeper_.finish(left());
  waker_.finish(left());
  dispatcher_.finish(left());
}

}  // namespace mongoelector::internal
