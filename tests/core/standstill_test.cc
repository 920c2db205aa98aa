// Standing still: the part of the same-clock rule that no server clock can disturb.
#include "core/standstill.h"

#include <gtest/gtest.h>

namespace mongoelector::test {
namespace {

using internal::Standstill;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr Duration kStart = seconds(1000);

Record record(const std::string& lease_id, std::uint64_t version, Duration ttl = seconds(100)) {
  return {.key = Key::election("billing"),
          .holder = {.uuid = "holder"},
          .lease_id = LeaseId(lease_id),
          .ttl = ttl,
          .version = version};
}

TEST(Standstill, takes_a_ttl_and_a_percent) {
  Standstill watched;
  EXPECT_FALSE(watched.stood_still(kStart + seconds(10'000)));
  watched.observe(record("a", 1), seconds(5), kStart);
  EXPECT_FALSE(watched.stood_still(kStart + seconds(101) - nanoseconds(1)));
  EXPECT_EQ(watched.stood_still(kStart + seconds(101)), mark_of(record("a", 1)));
  EXPECT_EQ(watched.rest(kStart), seconds(101));
  EXPECT_EQ(watched.rest(kStart + seconds(102)), seconds(0));
}

TEST(Standstill, looking_again_at_the_same_record_does_not_start_anew) {
  Standstill watched;
  watched.observe(record("a", 1), seconds(5), kStart);
  watched.observe(record("a", 1), seconds(5), kStart + seconds(60));
  EXPECT_TRUE(watched.stood_still(kStart + seconds(101)));
}

TEST(Standstill, every_renewal_and_every_new_lease_starts_anew) {
  for (const Record& moved : {record("a", 2), record("b", 1)}) {
    Standstill watched;
    watched.observe(record("a", 1), seconds(5), kStart);
    watched.observe(moved, seconds(5), kStart + seconds(100));
    EXPECT_FALSE(watched.stood_still(kStart + seconds(200)));
    EXPECT_EQ(watched.stood_still(kStart + seconds(201)), mark_of(moved));
  }
}

TEST(Standstill, a_record_without_a_ttl_is_given_ours) {
  Standstill watched;
  Record python = record("", 1, Duration::zero());
  watched.observe(python, seconds(50), kStart);
  EXPECT_FALSE(watched.stood_still(kStart + seconds(50)));
  EXPECT_EQ(watched.stood_still(kStart + seconds(51))->owner, "holder");
}

TEST(Standstill, an_absurd_ttl_does_not_wrap_into_the_past) {
  Standstill watched;
  watched.observe(record("a", 1, Duration::max()), seconds(50), kStart);
  EXPECT_FALSE(watched.stood_still(kStart + seconds(51)));
  EXPECT_GT(watched.rest(kStart), seconds(51));
}

}  // namespace
}  // namespace mongoelector::test
