// The inside of a Session: its threads, and what lockers and candidates need from them.
//
//   watchdog    calls tick() when a time has come; never does I/O
//   keeper      renews leases in batches
//   waker       turns hints of the store into wake-ups; only if the store sends hints
//   dispatcher  runs user callbacks and the event sink
//   errands     store calls of candidates: read, claim, release
//   records     store calls that nothing waits for: status rows, history, control
//   proxy       store calls of the program's own threads; not before the store fails to answer
//   upkeep      maintain() of a store that needs it
//
// Six at most, one more in trouble and one for upkeep, whatever the number of leases; a lock that
// nobody waits for needs two of them, and no more are started for it. Locks: a participant's own
// lock may be held when calling schedule(), call(), errand(), record() or emit(); none of these
// takes a participant's lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/fork_guard.h"
#include "core/timing.h"
#include "mongoelector/options.h"
#include "mongoelector/store.h"
#include "session/keeper.h"
#include "session/question.h"
#include "session/store_time.h"
#include "session/waiter_rows.h"
#include "session/waker.h"
#include "session/watchdog.h"
#include "session/work_queue.h"

namespace mongoelector::internal {

// Which threads somebody needs, each with those before it.
enum class Crew : std::uint8_t {
  none,
  lock,       // watchdog and keeper; errands and the waker only when it comes to that
  callbacks,  // dispatcher
  candidate,  // errands, records, waker
};

class Runtime : public std::enable_shared_from_this<Runtime> {
 public:
  Runtime(std::shared_ptr<LeaseStore> store, ConnectOptions options);

  LeaseStore& store() { return *store_; }
  Clock& clock() const { return *clock_; }
  const std::shared_ptr<Clock>& shared_clock() const { return clock_; }
  bool shared_store() const { return shared_; }
  bool shares_with_python() const { return shares_with_python_; }
  Waker& waker() { return waker_; }

  // False in a forked child: whoever sees that does nothing at all.
  bool same_process() const noexcept { return guard_->same_process(); }
  const std::shared_ptr<const ForkGuard>& guard() const { return guard_; }
  // Throws Error in a forked child.
  void require_same_process() const;

  // Starts the threads that do not run yet, and tells the store the tightest budget for one call.
  // Throws std::system_error when there are no threads to be had; the next call tries again.
  void start(Duration call_budget, Crew crew);
  // For a lock that has to wait; without a thread to be had it polls.
  void start_waker() noexcept;
  int threads() const;

  // When to tick and when to renew; Instant::max() for never.
  void schedule(const std::shared_ptr<Participant>& who, Instant tick_at, Instant renew_at,
                Duration slack);
  void call(std::function<void()> callback) { dispatcher_.post(std::move(callback)); }
  bool on_dispatcher() const { return dispatcher_.is_this_thread(); }
  // Done by whoever comes first: without a thread to be had now, the next errand brings one.
  void errand(std::function<void()> job);
  void record(std::function<void()> job);
  // A store call for a caller who must be back by `until`. While the store answers, it is made on
  // this very thread: handing it over would cost more than a twentieth of it. As soon as it does
  // not, the proxy makes it and the caller leaves in time, with "unknown" when the call had begun,
  // with "unreachable" when it had not and never will.
  // `settle` takes in the reply exactly once, on whichever thread; both must own what they use.
  template <class Call, class Settle>
  auto ask(Instant until, Call call, Settle settle) {
    if (clock_->now() < until && !answers_->load()) {
      const auto question = std::make_shared<Question<Call, Settle>>(std::move(call), settle);
      by_proxy([question] { question->run(); });
      return question->await(*clock_, until);
    }
    using Reply = std::invoke_result_t<Call>;
    Reply reply = clock_->now() < until ? call() : no_answer<Reply>(Outcome::unreachable);
    settle(reply);
    return reply;
  }
  // The same for calls that change nothing.
  template <class Call>
  auto ask(Instant until, Call call) {
    return ask(until, std::move(call), [](const auto&) {});
  }
  void emit(Event event);

  // Somebody has waited for a lock for long, and waits on: tells people, if that is due. Returns
  // when to come again; never, where the store does not keep it.
  Instant still_waiting(const Key& key, Duration ttl);
  // Somebody's wait for it is over.
  void waited(const Key& key) noexcept;

  // A lease has been held, and nobody waits now for what is done about it: lets the store do its
  // upkeep aside, once unless that fails. Any thread; never blocks.
  void leased() noexcept;

  // timeparanoid: the store's wall clock minus ours if it is further off than `max_offset` allows,
  // beyond doubt by the round trip; asked at most every ten minutes while good. Blocks for one
  // store call.
  std::optional<Duration> time_offset(Duration max_offset);
  // The store's clock, by one call that blocks; nothing: no answer.
  std::optional<StoreTime> store_time();
  // What a call that was made anyway has shown of it.
  void time_seen(const StoreTime& time);
  // This machine's clock against the store's, as far as it has been measured.
  std::optional<NodeStatus::ClockOffset> clock_offset() const;

  // Ends all threads, together within one call budget and two seconds. Queued store calls come
  // first, callbacks and events last; what hangs longer is left behind.
  void finish();

 private:
  void by_proxy(std::function<void()> job) noexcept;
  void start_late(WorkQueue& queue) noexcept;
  void begin_waker();
  void write_waiters(const Key& key);
  void maintain();
  void see_time_at_opening();

  // Shared with the jobs that deliver: they may outlive the session.
  struct Events {
    explicit Events(EventSink to) : sink(std::move(to)) {}

    const EventSink sink;
    std::atomic<std::size_t> queued = 0;
    std::atomic<std::size_t> dropped = 0;

    void tell(const Event& event) const noexcept;
    void tell_dropped() noexcept;
  };

  // What the store warns of comes with its time, so that it costs no call of its own.
  void tell_new(const std::vector<std::string>& warnings);

  const std::shared_ptr<std::atomic<bool>> answers_ = std::make_shared<std::atomic<bool>>(true);
  const std::shared_ptr<LeaseStore> store_;
  const std::shared_ptr<Events> events_;
  const bool shared_;
  const bool shares_with_python_;
  const std::shared_ptr<Clock> clock_;
  const std::shared_ptr<const ForkGuard> guard_ = std::make_shared<ForkGuard>();
  Watchdog watchdog_;
  Keeper keeper_;
  Waker waker_;
  WorkQueue dispatcher_;
  WorkQueue errands_;
  WorkQueue records_;
  WorkQueue upkeep_;  // apart, because an end cuts it short
  WorkQueue proxy_;
  mutable std::mutex threads_mutex_;
  Crew crew_ = Crew::none;  // those that run
  WaiterRows waiter_rows_;
  std::string waiters_uuid_;  // of the records thread alone
  std::mutex budget_mutex_;
  Duration call_budget_ = Duration::max();
  mutable std::mutex time_mutex_;
  Instant time_good_until_ = Instant::min();
  Duration time_off_by_{};  // at the latest look
  std::optional<NodeStatus::ClockOffset> clock_offset_;
  Instant clock_measured_at_{};
  std::set<std::string> warnings_told_;
  std::atomic<bool> maintained_ = false;  // or about to be
  std::stop_source end_upkeep_;
};

}  // namespace mongoelector::internal
