// What verify() finds in histories made by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "mongoelector/records.h"

namespace mongoelector::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TermRow term(std::uint64_t token, int start, int end, EndedBy ended_by = EndedBy::released) {
  return {.key = Key::election("billing"),
          .token = Token(token),
          .start = WallTime(seconds(start)),
          .end = WallTime(seconds(end)),
          .ended_by = ended_by};
}
TermRow open(std::uint64_t token, int start) {
  TermRow row = term(token, start, 0, EndedBy::open);
  row.end.reset();
  return row;
}
HistoryCheck check(std::vector<TermRow> rows) {
  const HistoryCheck found = verify(rows);
  std::mt19937 random(7);
  std::shuffle(rows.begin(), rows.end(), random);
  const HistoryCheck again = verify(rows);
  EXPECT_EQ(found.overlaps.size(), again.overlaps.size()) << "whatever the order";
  EXPECT_EQ(found.leaderless, again.leaderless);
  return found;
}

TEST(History, of_terms_one_after_the_other_has_gaps_and_no_overlaps) {
  const HistoryCheck found = check({term(1, 0, 10), term(2, 10, 20), term(5, 23, 30),
                                    term(7, 31, 40, EndedBy::lost), open(8, 45)});
  EXPECT_EQ(found.terms, 5u);
  EXPECT_TRUE(found.overlaps.empty());
  EXPECT_EQ(found.uncertain, 0u) << "the latest may be leading still";
  EXPECT_EQ(found.leaderless, seconds(9));
  EXPECT_EQ(found.longest_gap, seconds(5));
  EXPECT_EQ(verify({}).terms, 0u);
}

TEST(History, shows_two_masters_at_a_time) {
  const HistoryCheck found = check({term(1, 0, 10), term(2, 8, 20)});
  ASSERT_EQ(found.overlaps.size(), 1u);
  EXPECT_EQ(found.overlaps[0].earlier, Token(1));
  EXPECT_EQ(found.overlaps[0].later, Token(2));
  EXPECT_EQ(found.overlaps[0].by, seconds(2));
  EXPECT_EQ(found.leaderless, Duration::zero());
}

TEST(History, shows_a_term_that_reaches_over_its_neighbour) {
  const HistoryCheck found = check({term(1, 0, 100), term(2, 10, 20), term(3, 50, 60)});
  ASSERT_EQ(found.overlaps.size(), 2u);
  EXPECT_EQ(found.overlaps[1].earlier, Token(1));
  EXPECT_EQ(found.overlaps[1].later, Token(3));
}

// An end that is hardly known must not stand before one that is known.
TEST(History, shows_an_overlap_behind_a_term_of_uncertain_end) {
  TermRow blurred = term(2, 0, 101);
  blurred.blur = seconds(101);
  const HistoryCheck found = check({term(1, 0, 100), blurred, term(3, 99, 120)});
  ASSERT_EQ(found.overlaps.size(), 1u);
  EXPECT_EQ(found.overlaps[0].earlier, Token(1));
  EXPECT_EQ(found.overlaps[0].later, Token(3));
}

TEST(History, shows_tokens_in_the_wrong_order) {
  EXPECT_EQ(check({term(2, 0, 10), term(1, 20, 30)}).overlaps.size(), 1u);
}

TEST(History, shows_an_overlap_by_a_term_that_goes_on) {
  EXPECT_EQ(check({term(1, 0, 10), open(2, 9)}).overlaps.size(), 1u);
}

TEST(History, accuses_nobody_within_the_blur_of_the_clocks) {
  TermRow first = term(1, 0, 10);
  TermRow second = term(2, 9, 20);
  first.blur = milliseconds(600);
  second.blur = milliseconds(400);
  EXPECT_TRUE(check({first, second}).overlaps.empty());
  second.blur = milliseconds(300);
  const HistoryCheck found = check({first, second});
  ASSERT_EQ(found.overlaps.size(), 1u);
  EXPECT_EQ(found.overlaps[0].by, milliseconds(100));
}

TEST(History, proves_nothing_by_an_end_that_nobody_saw) {
  const HistoryCheck found =
      check({open(1, 0), term(2, 10, 25, EndedBy::expired), term(3, 20, 30, EndedBy::expired),
             term(4, 33, 40)});
  EXPECT_TRUE(found.overlaps.empty());
  EXPECT_EQ(found.uncertain, 3u);
  EXPECT_EQ(found.leaderless, seconds(3)) << "at least";
}

}  // namespace
}  // namespace mongoelector::test
