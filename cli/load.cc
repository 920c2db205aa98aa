#include "cli/load.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <thread>
#include <utility>

#include "base/ids.h"
#include "mongoelector/error.h"
#include "mongoelector/locker.h"

namespace mongoelector::cli {

namespace {

// The shortest that works on every store: a failover takes at least as long.
constexpr std::chrono::seconds kFailoverTtl{1};
constexpr std::chrono::seconds kTtl{10};

}  // namespace

// One thread, which answers for everything that happens under its name.
class LoadRunner::Client {
 public:
  Client(std::shared_ptr<Session> session, const Load& load, std::string name, Instant until,
         std::stop_token stop)
      : session_(std::move(session)),
        op_(load.op),
        name_(std::move(name)),
        until_(until),
        stop_(std::move(stop)) {}

  void run() {
    // A store in trouble is not asked without end.
    while (!stop_.stop_requested() && clock().now() < until_ && result_.errors < kTooMany) {
      try {
        once();
      } catch (const AcquireCancelled&) {
        return;
      } catch (const std::exception& error) {
        if (result_.errors++ == 0) result_.first_error = error.what();
      }
    }
  }
  // After run().
  LoadResult& result() { return result_; }

 private:
  static constexpr std::size_t kTooMany = 100;

  Clock& clock() const { return session_->clock(); }
  void took_since(Instant begin) { result_.latencies.push_back(clock().now() - begin); }
  // A clock that is off is for doctor to tell; it changes no figure.
  MongoLocker locker() const {
    return MongoLocker(session_, name_, {.ttl = kTtl, .timeparanoid = false});
  }
  AcquireOptions patiently() const { return {.cancel = stop_}; }

  void once() {
    switch (op_) {
      case LoadOp::lock: return lock();
      case LoadOp::renew: return renew();
      case LoadOp::handoff: return hand_over();
      case LoadOp::failover: return fail_over();
    }
  }

  void lock() {
    MongoLocker one = locker();
    const Instant begin = clock().now();
    one.acquire(patiently());
    if (!one.release()) throw StoreError(Outcome::unknown, "a release was not confirmed");
    took_since(begin);
  }

  void renew() {
    MongoLocker one = locker();
    one.acquire(patiently());
    while (!stop_.stop_requested() && clock().now() < until_) {
      const Instant begin = clock().now();
      if (!one.touch()) throw StoreError(Outcome::lost, "a lock was lost");
      took_since(begin);
    }
  }

  // The next holder waits on a thread of its own; `leave` is what the present one does.
  template <class Leave>
  void follow(const Leave& leave) {
    std::optional<Instant> acquired;
    std::exception_ptr not_acquired;
    std::thread waiting([&] {
      try {
        MongoLocker next = locker();
        next.acquire(patiently());
        acquired = clock().now();
      } catch (...) {
        not_acquired = std::current_exception();
      }
    });
    std::optional<Instant> left;
    std::exception_ptr not_left;
    try {
      left = leave();
    } catch (...) {
      not_left = std::current_exception();
    }
    waiting.join();
    for (const std::exception_ptr& error : {not_left, not_acquired})
      if (error) std::rethrow_exception(error);
    result_.latencies.push_back(*acquired - *left);
  }

  void hand_over() {
    MongoLocker present = locker();
    present.acquire(patiently());
    follow([&] {
      // Long enough for the other to be told no and to wait.
      pause(std::chrono::milliseconds(200));
      const Instant begin = clock().now();
      present.release();
      return begin;
    });
  }

  void fail_over() {
    const Instant begin = clock().now();
    const ClaimReply reply = session_->store().claim({.key = Key::lock(name_),
                                                      .holder = {.uuid = internal::new_uuid(),
                                                                 .host = "bench",
                                                                 .label = "gone"},
                                                      .lease_id = internal::new_lease_id(),
                                                      .ttl = kFailoverTtl});
    if (reply.outcome != Outcome::granted) throw StoreError(reply.outcome, reply.detail);
    follow([&] { return begin; });
  }

  void pause(Duration length) const {
    const Instant until = clock().now() + length;
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock guard(mutex);
    while (clock().now() < until) clock().wait(guard, never, until);
  }

  const std::shared_ptr<Session> session_;
  const LoadOp op_;
  const std::string name_;
  const Instant until_;
  const std::stop_token stop_;
  LoadResult result_;
};

LoadRunner::LoadRunner(std::shared_ptr<Session> session, Load load)
    : session_(std::move(session)),
      load_(load),
      prefix_("mongoelector-bench/" + internal::new_uuid() + "/") {}

LoadResult LoadRunner::run() {
  const Clock& clock = session_->clock();
  const Instant begin = clock.now();
  std::vector<Client> clients;
  clients.reserve(static_cast<std::size_t>(load_.clients));
  for (int i = 0; i < load_.clients; ++i) {
    clients.emplace_back(session_, load_, prefix_ + std::to_string(i), begin + load_.duration,
                         stop_.get_token());
  }
  {
    std::vector<std::jthread> threads;
    for (Client& client : clients) threads.emplace_back([&client] { client.run(); });
  }
  LoadResult all;
  all.elapsed = clock.now() - begin;
  for (Client& client : clients) {
    LoadResult& one = client.result();
    all.latencies.insert(all.latencies.end(), one.latencies.begin(), one.latencies.end());
    all.errors += one.errors;
    if (all.first_error.empty()) all.first_error = std::move(one.first_error);
  }
  return all;
}

std::size_t LoadRunner::clean_up() const {
  LeaseStore& store = session_->store();
  const ListReply left = store.list(Kind::lock, prefix_);
  if (left.outcome != Outcome::granted) return static_cast<std::size_t>(load_.clients);
  return static_cast<std::size_t>(
      std::count_if(left.records.begin(), left.records.end(), [&](const Record& record) {
        const Outcome outcome = store.break_lease(record).outcome;
        return outcome != Outcome::granted && outcome != Outcome::lost;
      }));
}

}  // namespace mongoelector::cli
