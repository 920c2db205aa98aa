// Times as people write them.
#include "base/text.h"

#include <gtest/gtest.h>

namespace mongoelector::test {
namespace {

using internal::parse_rfc3339;
using internal::rfc3339;

TEST(Text, a_time_is_read_as_it_is_shown) {
  for (const char* text : {"1970-01-01T00:00:00.000Z", "2026-11-21T23:57:03.412Z",
                           "2028-02-29T12:00:00.001Z", "2199-12-31T23:59:59.999Z"}) {
    const auto time = parse_rfc3339(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(rfc3339(*time), text);
  }
}

TEST(Text, a_time_may_have_an_offset_and_no_fraction) {
  EXPECT_EQ(rfc3339(parse_rfc3339("2026-11-21T23:57:03+02:30").value()),
            "2026-11-21T21:27:03.000Z");
  EXPECT_EQ(rfc3339(parse_rfc3339("2026-11-21T23:57:03.5-01:00").value()),
            "2026-11-22T00:57:03.500Z");
}

TEST(Text, what_is_no_time_is_refused) {
  for (const char* text :
       {"", "now", "2026-11-21", "2026-11-21T23:57:03", "2026-11-21 23:57:03Z",
        "2026-11-31T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-21T24:00:00Z",
        "2026-11-21T23:60:00Z", "2026-11-21T23:57:03.Z1", "2026-11-21T23:57:03Zulu",
        "2026-11-21T23:57:03+0200", "2026-11-21T23:57:03+aa:00", "1969-12-31T23:59:59Z",
        "2200-01-01T00:00:00Z", "2026-11-21T-1:00:00Z"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

}  // namespace
}  // namespace mongoelector::test
