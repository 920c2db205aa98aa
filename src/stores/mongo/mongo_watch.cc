#include "stores/mongo/mongo_watch.h"

#include <iterator>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "mongoelector/error.h"
#include "stores/mongo/change_stream.h"

namespace mongoelector::internal::mongo {

namespace {

// A quiet server answers every kQuietAnswer; one that takes this much longer hangs.
constexpr Duration kPatience = kQuietAnswer + std::chrono::seconds(1);
constexpr Duration kAtOnce = std::chrono::milliseconds(1);
constexpr int kUnauthorized = 13;

class MongoWatch : public Watch {
 public:
  MongoWatch(std::shared_ptr<Driver> driver, Names names)
      : driver_(std::move(driver)), names_(std::move(names)) {}

  // A stream that shows everything from now on. Returns why there is none.
  std::optional<Failure> open() {
    if (auto failure = connect()) return failure;
    StartPoint now;
    if (auto failure = find_now(now)) return failure;
    return start(now);
  }

  Hints next() override {
    for (;;) {
      Hints told = std::exchange(pending_, {});
      if (says_something(told)) return told;
      if (cancelled() || !(go_on() || (!cancelled() && reopen()))) return end();
    }
  }

  void follow(std::vector<Key> keys) override {
    const std::lock_guard lock(mutex_);
    if (keys == followed_) return;
    followed_ = std::move(keys);
    refiltered_ = true;
  }

  // The server answers the read that is under way once it notices that its cursor is gone, which it
  // does at the next write.
  void cancel() noexcept override {
    std::int64_t cursor = 0;
    {
      const std::lock_guard lock(mutex_);
      cancelled_ = true;
      cursor = cursor_;
    }
    if (cursor == 0) return;
    try {
      driver_->aside([names = names_, cursor](Call& call) {
        if (call.failure() || call.run(names.database, kill_command(cursor)).failure) return;
        call.stir(names.database, names.elections);
      });
    } catch (...) {  // then the read ends by itself
    }
  }

 private:
  std::optional<Failure> connect() {
    channel_ = driver_->channel(kPatience);
    return channel_->failure();
  }

  std::optional<Failure> find_now(StartPoint& now) {
    const Answer hello = channel_->run("admin", object({{"hello", std::int32_t{1}}}));
    if (!hello.failure) now.settled = settled_time(hello.reply);
    return hello.failure;
  }

  std::optional<Failure> start(const StartPoint& point) {
    std::vector<Key> followed;
    {
      const std::lock_guard lock(mutex_);
      followed = followed_;
      refiltered_ = false;
    }
    const Answer opened = channel_->run(names_.database, open_command(names_, followed, point));
    if (!opened.failure) take(opened.reply);
    return opened.failure;
  }

  static bool says_something(const Hints& hints) {
    return hints.anything || !hints.freed.empty() || !hints.renewed.empty();
  }

  // False: the stream is interrupted.
  bool go_on() {
    if (cursor_ == 0 || moved()) return false;
    return refiltered() ? refilter() : read();
  }

  // From now on the stream shows other renewals. A token is no place to go on from: the server has
  // to find its event again, which the new filter may hide. So the new stream begins where the old
  // one has been read to its end; what happens right then may be told twice.
  bool refilter() {
    StartPoint now;
    if (find_now(now)) return false;
    const Answer rest = channel_->run(names_.database, more_command(cursor_, kAtOnce));
    if (rest.failure) return false;
    take(rest.reply);
    if (cursor_ == 0) return false;
    channel_->run(names_.database, kill_command(cursor_));
    if (start(now)) return false;
    if (!now.settled) pending_.anything = true;
    return true;
  }

  // One more batch.
  bool read() {
    const Answer more = channel_->run(names_.database, more_command(cursor_, kQuietAnswer));
    if (more.failure) return false;
    take(more.reply);
    proven_ = true;
    return true;
  }

  // Goes on after the batch that was read last. Where that cannot be there is a gap, and everybody
  // has to look for themselves.
  bool reopen() {
    // A stream that was opened anew and breaks at once needs a pause, which is for the caller.
    if (!std::exchange(proven_, false)) return false;
    if (const auto token = std::exchange(token_, std::nullopt)) {
      const std::string before = channel_->server().address;
      if (connect()) return false;
      const auto failure = start({.token = Bson(**token)});
      if (!failure) {
        // Whoever leads now did not write the expiries that are there: what must stand still
        // before it is free has to be seen first.
        if (channel_->server().address != before) pending_.anything = true;
        return true;
      }
      if (!history_lost(*failure)) return false;
    }
    if (open()) return false;
    pending_.anything = true;
    return true;
  }

  static void add(Hints from, Hints& to) {
    std::move(from.freed.begin(), from.freed.end(), std::back_inserter(to.freed));
    std::move(from.renewed.begin(), from.renewed.end(), std::back_inserter(to.renewed));
    to.anything |= from.anything;
  }

  void take(const Bson& reply) {
    Batch batch = read_batch(names_, reply);
    quiet_ = !says_something(batch.hints);
    if (!quiet_) proven_ = true;
    add(std::move(batch.hints), pending_);
    // A stream that has come to its end cannot be resumed.
    token_ = batch.cursor == 0 ? std::nullopt : std::move(batch.token);
    const std::lock_guard lock(mutex_);
    cursor_ = batch.cursor;
  }

  // A stream survives its member's stepdown, but a member that is cut off from the others shows
  // nothing. The pool's monitors know who is primary, so looking costs no round trip.
  bool moved() const {
    if (!quiet_) return false;
    const Call call = driver_->begin();
    return !call.failure() && call.server().role == Role::primary &&
           call.server().address != channel_->server().address;
  }

  bool cancelled() const {
    const std::lock_guard lock(mutex_);
    return cancelled_;
  }

  bool refiltered() const {
    const std::lock_guard lock(mutex_);
    return refiltered_;
  }

  // Closing the channel may take its time, so it is done here, where nobody waits.
  Hints end() {
    channel_.reset();
    return {.ended = true};
  }

  const std::shared_ptr<Driver> driver_;
  const Names names_;
  std::unique_ptr<Channel> channel_;
  std::optional<Bson> token_;  // of the batch read last
  Hints pending_;
  bool quiet_ = false;   // the batch read last was empty
  bool proven_ = true;   // the stream has answered, or shown something, since it was opened
  mutable std::mutex mutex_;  // what cancel() and follow() use
  std::int64_t cursor_ = 0;
  bool cancelled_ = false;
  std::vector<Key> followed_;
  bool refiltered_ = false;  // since the stream was opened
};

std::string reason(const Failure& failure) {
  const bool unauthorized = failure.source == Source::server && failure.code == kUnauthorized;
  return unauthorized ? "this user has no privilege changeStream on it" : failure.message;
}

}  // namespace

std::unique_ptr<Watch> open_watch(std::shared_ptr<Driver> driver, const Names& names) {
  auto watch = std::make_unique<MongoWatch>(std::move(driver), names);
  const auto failure = watch->open();
  if (!failure) return watch;
  if (never_streams(*failure)) return nullptr;
  throw StoreError(outcome_of(*failure, Phase::read),
                   "no change stream on database " + quoted(names.database) + ": " +
                       reason(*failure));
}

}  // namespace mongoelector::internal::mongo
