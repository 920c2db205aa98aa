// A checker that accepts everything proves nothing.
#include "faults/terms.h"

#include <gtest/gtest.h>

namespace mongoelector::test {
namespace {

using std::chrono::seconds;

SeenTerm term(std::uint64_t token, int first, int last) {
  const auto at = [](int second) { return Moment(seconds(second)); };
  return {.key = "billing",
          .holder = "holder " + std::to_string(token),
          .token = Token(token),
          .first = at(first),
          .last = at(last),
          .lease_ends = at(last + 3),
          .loss_told = at(last + 1)};
}

TEST(SeenTerms, one_after_the_other_with_growing_tokens_is_fine) {
  EXPECT_EQ(breach_in({term(5, 10, 20), term(4, 1, 9)}), std::nullopt);
}

TEST(SeenTerms, two_at_a_time_are_found_even_behind_a_short_one) {
  EXPECT_TRUE(breach_in({term(4, 1, 9), term(5, 8, 20)}));
  EXPECT_TRUE(breach_in({term(4, 1, 9), term(5, 2, 3), term(6, 4, 5)}));
  SeenTerm other = term(5, 8, 20);
  other.key = "nightly";
  EXPECT_EQ(breach_in({term(4, 1, 9), other}), std::nullopt);
}

TEST(SeenTerms, a_token_that_does_not_grow_is_found) {
  EXPECT_TRUE(breach_in({term(5, 1, 9), term(4, 10, 20)}));
  EXPECT_TRUE(breach_in({term(5, 1, 9), term(5, 10, 20)}));
}

TEST(SeenTerms, an_end_told_late_or_never_is_found) {
  SeenTerm late = term(4, 1, 9);
  late.loss_told = late.lease_ends + seconds(1);
  EXPECT_TRUE(breach_in({late}));
  late.loss_told.reset();
  EXPECT_TRUE(breach_in({late}));
  late.given_back = true;
  EXPECT_EQ(breach_in({late}), std::nullopt);
}

}  // namespace
}  // namespace mongoelector::test
