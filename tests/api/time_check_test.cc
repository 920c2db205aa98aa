// timeparanoid against a real server: clocks that are really off, and replies that take long.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "mongoelector/mongoelector.h"
#include "support/eventually.h"
#include "support/mongod.h"
#include "support/tcp_proxy.h"

namespace mongoelector::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// This machine's clocks, with the wall clock off and time gone by as the test wants.
class OffClock : public Clock {
 public:
  Instant now() const noexcept override { return right_->now() + Duration(later_.load()); }
  WallTime wall() const noexcept override {
    return right_->wall() + std::chrono::duration_cast<WallTime::duration>(Duration(off_.load()));
  }
  void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& condition,
            Instant until) override {
    right_->wait(lock, condition,
                 until == Instant::max() ? until : until - Duration(later_.load()));
  }
  void set_off(Duration by) { off_ = by.count(); }
  void pass(Duration time) { later_ += time.count(); }

 private:
  const std::shared_ptr<Clock> right_ = make_shared_store_clock();
  std::atomic<Duration::rep> off_{0};
  std::atomic<Duration::rep> later_{0};
};

class TimeCheck : public testing::Test {
 protected:
  ~TimeCheck() override { server_.run_command(R"({"dropDatabase": 1})", database_); }

  std::shared_ptr<Session> session(const std::string& uri) {
    return connect(uri, {.on_event = [this](const Event& event) {
                           if (event.kind == EventKind::time_offset) ++told_;
                         },
                         .clock = clock_});
  }
  // The store's time minus ours as an attempt on a session of its own finds it; nothing if that was
  // accepted.
  std::optional<Duration> refused(const std::string& uri) {
    MongoLocker lock(session(uri), "nightly");
    try {
      lock.acquire();
      return std::nullopt;
    } catch (const TimeOffsetError& error) {
      return error.offset();
    }
  }

  Mongod& server_ = Mongod::shared_standalone();
  const std::string database_ = fresh_database();
  const std::shared_ptr<OffClock> clock_ = std::make_shared<OffClock>();
  std::atomic<int> told_{0};
};

TEST_F(TimeCheck, half_a_second_is_the_limit_in_both_directions) {
  const std::string uri = server_.uri(database_);
  for (const int sign : {1, -1}) {
    clock_->set_off(sign * milliseconds(400));
    EXPECT_FALSE(refused(uri));
    for (const milliseconds by : {milliseconds(600), milliseconds(2000)}) {
      clock_->set_off(sign * by);
      const auto offset = refused(uri);
      ASSERT_TRUE(offset) << sign * by.count();
      EXPECT_LT(std::chrono::abs(*offset + sign * by), milliseconds(90)) << offset->count();
    }
  }
}

TEST_F(TimeCheck, a_slow_reply_is_no_offset_and_hides_none) {
  TcpProxy proxy(server_.port(), TcpProxy::Speech::mongodb);
  const std::string uri = "mongodb://127.0.0.1:" + std::to_string(proxy.port()) + "/" + database_;
  for (const auto& [off, accepted] :
       {std::pair(milliseconds(0), true), {milliseconds(400), true}, {seconds(-2), false}}) {
    clock_->set_off(off);
    MongoLocker lock(session(uri), "nightly");
    proxy.delay(TcpProxy::Way::to_client, milliseconds(700));
    if (accepted) {
      EXPECT_NO_THROW(lock.acquire()) << off.count();
    } else {
      EXPECT_THROW(lock.acquire(), TimeOffsetError) << off.count();
    }
    proxy.pass();
    lock.release();
  }
}

TEST_F(TimeCheck, is_made_again_after_ten_minutes) {
  MongoLocker lock(session(server_.uri(database_)), "nightly", {.auto_renew = false});
  const auto again = [&] {
    lock.acquire();
    lock.release();
  };
  again();
  clock_->set_off(seconds(2));
  clock_->pass(minutes(9));
  EXPECT_NO_THROW(again());
  clock_->pass(minutes(1));
  EXPECT_THROW(again(), TimeOffsetError);
  clock_->set_off(Duration::zero());
  EXPECT_NO_THROW(again()) << "at once, when the clock is right";
}

TEST_F(TimeCheck, an_elector_does_not_contend_says_so_once_and_goes_on_when_the_clock_is_right) {
  clock_->set_off(seconds(-2));
  const auto candidate = session(server_.uri(database_));
  std::atomic<int> tries{0};
  MongoElector elector(candidate, "billing", {.ttl = seconds(2), .onloop = [&] { ++tries; }});
  elector.start();
  ASSERT_TRUE(eventually([&] { return told_ == 1 && tries > 3; }));
  EXPECT_FALSE(elector.ismaster());
  EXPECT_FALSE(candidate->store().read(elector.key()).record);
  clock_->set_off(Duration::zero());
  EXPECT_TRUE(eventually([&] { return elector.ismaster(); }));
  EXPECT_EQ(told_, 1);
}

TEST_F(TimeCheck, can_be_switched_off) {
  clock_->set_off(minutes(5));
  MongoLocker lock(session(server_.uri(database_)), "nightly", {.timeparanoid = false});
  lock.acquire();
  EXPECT_TRUE(lock.owned());
}

}  // namespace
}  // namespace mongoelector::test
