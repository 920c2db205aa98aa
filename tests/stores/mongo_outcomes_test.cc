// The table of errors, row by row: what each means for a claim, a renewal, a release and a read.
#include "stores/mongo/outcomes.h"

#include <gtest/gtest.h>

namespace mongoelector::internal::mongo {
namespace {

struct Expected {
  Source source;
  int code;
  Outcome claim;
  Outcome renew;
  Outcome release;
  Outcome read;
};

constexpr Outcome kHeld = Outcome::held;
constexpr Outcome kAway = Outcome::unreachable;
constexpr Outcome kUnsure = Outcome::unknown;
constexpr Outcome kDenied = Outcome::denied;

void expect(const Expected& row) {
  const Failure failure{.source = row.source, .code = row.code};
  SCOPED_TRACE(testing::Message() << "source " << int(row.source) << ", code " << row.code);
  EXPECT_EQ(outcome_of(failure, Phase::claim), row.claim);
  EXPECT_EQ(outcome_of(failure, Phase::renew), row.renew);
  EXPECT_EQ(outcome_of(failure, Phase::release), row.release);
  EXPECT_EQ(outcome_of(failure, Phase::read), row.read);
}

TEST(MongoOutcomes, what_never_left_this_process_did_not_happen) {
  expect({Source::not_sent, 13053, kAway, kAway, kAway, kAway});
}

TEST(MongoOutcomes, a_lost_reply_may_have_been_a_yes) {
  expect({Source::network, 4, kUnsure, kUnsure, kUnsure, kAway});
}

TEST(MongoOutcomes, what_no_majority_confirmed_is_never_a_yes_nor_a_no) {
  for (const int code : {64, 50, 189, 91, 11602, 100})
    expect({Source::write_concern, code, kUnsure, kUnsure, kUnsure, kAway});
}

TEST(MongoOutcomes, a_server_that_is_no_primary_did_nothing) {
  for (const int code : {10107, 13435, 13436})
    expect({Source::server, code, kAway, kAway, kAway, kAway});
}

TEST(MongoOutcomes, an_interrupted_command_may_have_been_executed) {
  for (const int code : {6, 7, 24, 50, 89, 91, 189, 262, 9001, 11600, 11602})
    expect({Source::server, code, kUnsure, kUnsure, kUnsure, kAway});
}

TEST(MongoOutcomes, a_duplicate_key_means_that_somebody_was_first) {
  expect({Source::server, 11000, kHeld, kUnsure, kUnsure, kAway});
}

TEST(MongoOutcomes, refusals_for_good_are_told_as_such) {
  for (const int code : {13, 18, 8000, 59, 61, 73, 115, 121, 166})
    expect({Source::server, code, kDenied, kDenied, kDenied, kDenied});
  for (const Source source : {Source::authentication, Source::incompatible, Source::usage})
    expect({source, 11, kDenied, kDenied, kDenied, kDenied});
}

TEST(MongoOutcomes, a_code_nobody_listed_may_have_been_executed) {
  expect({Source::server, 987654, kUnsure, kUnsure, kUnsure, kAway});
}

}  // namespace
}  // namespace mongoelector::internal::mongo
