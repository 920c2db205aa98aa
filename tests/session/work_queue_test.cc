// The thread that runs jobs: dispatcher and errand runner.
#include "session/work_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <vector>

#include "support/eventually.h"
#include "support/fake_clock.h"

namespace mongoelector::test {
namespace {

using internal::WorkQueue;
using std::chrono::seconds;

TEST(WorkQueue, runs_jobs_one_by_one_in_their_order_and_all_of_them) {
  WorkQueue queue(std::make_shared<FakeClock>());
  std::vector<int> done;
  for (int i = 0; i < 100; ++i) queue.post([&, i] { done.push_back(i); });
  queue.start();
  for (int i = 100; i < 200; ++i) queue.post([&, i] { done.push_back(i); });
  EXPECT_TRUE(queue.finish(seconds(1)));
  queue.post([&] { done.push_back(-1); });
  ASSERT_EQ(done.size(), 200u);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(done[i], i);
}

TEST(WorkQueue, a_job_that_throws_does_not_end_the_others) {
  WorkQueue queue(std::make_shared<FakeClock>());
  queue.start();
  std::atomic<bool> done{false};
  queue.post([] { throw std::runtime_error("no"); });
  queue.post([&] { done = true; });
  EXPECT_TRUE(eventually([&] { return done.load(); }));
  EXPECT_TRUE(queue.running());
  EXPECT_TRUE(queue.finish(seconds(1)));
}

TEST(WorkQueue, finish_leaves_a_hanging_job_behind_when_its_time_is_over) {
  const auto clock = std::make_shared<FakeClock>();
  const auto go = std::make_shared<std::promise<void>>();
  const auto late = std::make_shared<std::atomic<bool>>(false);
  std::atomic<bool> hanging{false};
  const auto ended = std::make_shared<int>();
  {
    WorkQueue queue(clock);
    queue.start();
    queue.post([&hanging, go, ended, future = std::make_shared<std::future<void>>(
                                         go->get_future())] {
      hanging = true;
      future->wait();
    });
    queue.post([late, ended] { *late = true; });
    ASSERT_TRUE(eventually([&] { return hanging.load(); }));
    auto finishing = std::async(std::launch::async, [&] { return queue.finish(seconds(2)); });
    ASSERT_TRUE(clock->await_waiter(clock->now() + seconds(2)));
    clock->advance(seconds(2));
    EXPECT_FALSE(finishing.get());
  }
  go->set_value();
  // The thread ends by itself, and what had not begun never begins.
  EXPECT_TRUE(eventually([&] { return ended.use_count() == 1; }));
  EXPECT_FALSE(*late);
}

TEST(WorkQueue, knows_its_own_thread_and_can_be_finished_from_it) {
  const auto clock = std::make_shared<FakeClock>();
  const auto queue = std::make_shared<WorkQueue>(clock);
  queue->start();
  EXPECT_FALSE(queue->is_this_thread());
  std::promise<bool> answer;
  queue->post([&] {
    const bool own = queue->is_this_thread();
    answer.set_value(own && !queue->finish(seconds(1)));
  });
  EXPECT_TRUE(answer.get_future().get());
}

// The watchdog's errand may be the first of a session that ends just then. TSan judges it too.
TEST(WorkQueue, brings_no_thread_when_the_end_was_faster) {
  const auto clock = std::make_shared<FakeClock>();
  for (int round = 0; round < 200; ++round) {
    WorkQueue queue(clock);
    auto starting = std::async(std::launch::async, [&] { queue.start(); });
    queue.finish(seconds(1));
    starting.get();
    EXPECT_FALSE(queue.running());
  }
}

}  // namespace
}  // namespace mongoelector::test
