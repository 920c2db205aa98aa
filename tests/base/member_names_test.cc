// Who is meant by a name that an operator writes.
#include <gtest/gtest.h>

#include "mongoelector/records.h"

namespace mongoelector::test {
namespace {

TEST(MemberName, of_a_host_may_be_the_plain_or_the_dotted_one_of_the_same_machine) {
  const Holder dotted{.uuid = "u", .host = "web-1.example.org", .label = "blue"};
  const Holder plain{.uuid = "u", .host = "web-1"};
  EXPECT_TRUE(means("web-1.example.org", dotted));
  EXPECT_TRUE(means("web-1", dotted)) << "it was seen while the resolver did not answer";
  EXPECT_TRUE(means("web-1.example.org", plain));
  EXPECT_TRUE(means("blue", dotted));
  for (const char* other :
       {"web-1.example.com", "web-1.example", "web-11", "web", "web-1.", "", "."})
    EXPECT_FALSE(means(other, dotted)) << other;
  EXPECT_FALSE(means("web-2.example.org", plain));
}

}  // namespace
}  // namespace mongoelector::test
