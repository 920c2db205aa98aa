// The thread that renews: who goes in which round trip, and what an odd answer means.
#include "session/keeper.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "session/fakes.h"
#include "support/eventually.h"
#include "support/fake_clock.h"

namespace mongoelector::test {
namespace {

using internal::Keeper;
using internal::kRenewBatch;
using std::chrono::seconds;

class KeeperTest : public testing::Test {
 protected:
  ~KeeperTest() override {
    store_->answer_with(nullptr);
    EXPECT_TRUE(keeper_.finish(seconds(1)));
  }
  std::shared_ptr<FakeParticipant> due_at(Instant at, const std::string& name, Instant deadline,
                                          Duration slack = Duration::zero()) {
    auto who = std::make_shared<FakeParticipant>(name, deadline);
    keeper_.set(who, at, slack);
    return who;
  }

  std::shared_ptr<FakeClock> clock_ = std::make_shared<FakeClock>();
  std::shared_ptr<RenewalStore> store_ = std::make_shared<RenewalStore>();
  Keeper keeper_{store_, clock_};
  const Instant start_ = clock_->now();
};

TEST_F(KeeperTest, renews_a_thousand_in_one_call_and_the_earliest_deadline_first) {
  std::vector<std::shared_ptr<FakeParticipant>> all;
  for (int i = 0; i < 2500; ++i) {
    // Deadlines in an order of their own.
    const int rank = i * 7919 % 2500;
    all.push_back(due_at(start_ + seconds(1), std::to_string(rank), start_ + seconds(10 + rank)));
  }
  clock_->advance(seconds(1));
  keeper_.start();
  ASSERT_TRUE(eventually([&] {
    return std::all_of(all.begin(), all.end(), [](const auto& who) { return who->answers == 1; });
  }));
  const auto batches = store_->batches();
  ASSERT_EQ(batches.size(), 3u);
  EXPECT_EQ(batches[0].size(), kRenewBatch);
  EXPECT_EQ(batches[2].size(), 500u);
  int next = 0;
  for (const auto& batch : batches) {
    for (const std::string& name : batch) EXPECT_EQ(name, std::to_string(next++));
  }
}

TEST_F(KeeperTest, takes_along_whose_slack_allows_it_and_nobody_else) {
  const auto due = due_at(start_ + seconds(10), "due", start_ + seconds(20));
  const auto soon = due_at(start_ + seconds(12), "soon", start_ + seconds(21), seconds(2));
  const auto later = due_at(start_ + seconds(12), "later", start_ + seconds(22), seconds(1));
  keeper_.start();
  clock_->advance(seconds(9));
  ASSERT_TRUE(clock_->await_waiter(start_ + seconds(10)));
  EXPECT_TRUE(store_->batches().empty());  // slack alone makes nobody due
  clock_->advance(seconds(1));
  ASSERT_TRUE(eventually([&] { return due->answers == 1 && soon->answers == 1; }));
  ASSERT_TRUE(clock_->await_waiter(start_ + seconds(12)));
  EXPECT_EQ(later->answers, 0);
  EXPECT_EQ(due->sent_at.load(), start_ + seconds(10));
}

TEST_F(KeeperTest, an_answer_for_too_few_leases_says_nothing_about_the_rest) {
  store_->answer_with([](std::size_t) { return RenewReply{.outcomes = {Outcome::granted}}; });
  const auto first = due_at(start_, "first", start_ + seconds(1));
  const auto second = due_at(start_, "second", start_ + seconds(2));
  keeper_.start();
  ASSERT_TRUE(eventually([&] { return first->answers == 1 && second->answers == 1; }));
  EXPECT_EQ(first->last_outcome, Outcome::granted);
  EXPECT_EQ(second->last_outcome, Outcome::unknown);
}

TEST_F(KeeperTest, sends_nothing_for_a_lease_given_back_while_an_earlier_batch_was_under_way) {
  std::vector<std::shared_ptr<FakeParticipant>> all;
  for (std::size_t i = 0; i <= kRenewBatch; ++i)
    all.push_back(due_at(start_, std::to_string(i), start_ + seconds(i)));
  store_->answer_with([&](std::size_t size) {
    all.back()->given_back = true;
    return RenewReply{.outcomes = std::vector<Outcome>(size, Outcome::granted)};
  });
  keeper_.start();
  ASSERT_TRUE(eventually([&] { return all[kRenewBatch - 1]->answers == 1; }));
  ASSERT_TRUE(clock_->await_waiter(Instant::max()));  // all done
  EXPECT_EQ(store_->batches().size(), 1u);
  EXPECT_EQ(all.back()->answers, 0);
}

TEST_F(KeeperTest, forgets_who_is_not_to_be_renewed_any_more) {
  const auto who = due_at(start_ + seconds(5), "who", start_ + seconds(20));
  const auto other = due_at(start_ + seconds(6), "other", start_ + seconds(20));
  keeper_.set(who, Instant::max(), Duration::zero());
  keeper_.start();
  clock_->advance(seconds(6));
  ASSERT_TRUE(eventually([&] { return other->answers == 1; }));
  EXPECT_EQ(who->answers, 0);
}

}  // namespace
}  // namespace mongoelector::test
