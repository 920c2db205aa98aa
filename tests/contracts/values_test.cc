// The value types: what a key may be, how tokens compare, what a URI shows.
#include <gtest/gtest.h>

#include <string>

#include "mongoelector/mongoelector.h"

namespace mongoelector {
namespace {

std::string refusal(std::string_view name) {
  try {
    Key::lock(name);
  } catch (const ArgumentError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Key, refuses_what_no_store_could_keep_and_says_why) {
  EXPECT_EQ(refusal(""), "the lock key is empty");
  EXPECT_EQ(refusal(std::string(1025, 'a')),
            "the lock key is 1025 bytes long; at most 1024 are allowed");
  EXPECT_EQ(refusal(std::string_view("a\0b", 3)), "the lock key holds a NUL byte");
  for (const std::string bad :
       {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
    EXPECT_EQ(refusal(bad), "the lock key is not valid UTF-8");
  }
}

TEST(Key, keeps_every_valid_name_byte_exact) {
  for (const std::string name :
       {"$$NOW", "a.b", "$host", " a ", "A", "\n\x1b[31m", "größe", "\U0001F512"}) {
    EXPECT_EQ(Key::lock(name).name(), name);
  }
  EXPECT_EQ(Key::lock(std::string(1024, 'k')).name().size(), 1024u);
}

TEST(Key, of_locks_and_elections_differ) { EXPECT_NE(Key::lock("a"), Key::election("a")); }

TEST(Token, is_exact_up_to_the_last_value) {
  EXPECT_FALSE(Token().known());
  EXPECT_LT(Token((1ull << 53)), Token((1ull << 53) + 1));
  EXPECT_EQ(to_string(Token(18446744073709551615ull)), "18446744073709551615");
}

TEST(RecordMark, names_python_records_by_their_uuid) {
  Record record{.key = Key::lock("a"), .holder = {.uuid = "u", .host = "h"}, .version = 7};
  EXPECT_EQ(mark_of(record), (RecordMark{"u", 7}));
  record.lease_id = LeaseId("l");
  EXPECT_EQ(mark_of(record), (RecordMark{"l", 7}));
  record.judge = "db1:27017";
  EXPECT_EQ(mark_of(record), (RecordMark{"l", 7, "db1:27017"}));
}

TEST(RedactUri, never_shows_a_password) {
  EXPECT_EQ(redact_uri("mongodb://app:s3cret@db1,db2/ops"), "mongodb://app:***@db1,db2/ops");
  EXPECT_EQ(redact_uri("mongodb://app:pa@ss:w/rd@db1"), "mongodb://app:***@db1");
  EXPECT_EQ(redact_uri("mongodb://db1/ops"), "mongodb://db1/ops");
  EXPECT_EQ(redact_uri("mongodb://app:@db1"), "mongodb://app:@db1");
  EXPECT_EQ(redact_uri("sqlite:/tmp/a@b:c"), "sqlite:/tmp/a@b:c");
}

}  // namespace
}  // namespace mongoelector
