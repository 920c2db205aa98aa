// "app:s3cret@db1", with mongodb:// forgotten, was shown with its password in the refusal.
#include <gtest/gtest.h>

#include "mongoelector/connect.h"
#include "mongoelector/error.h"

namespace mongoelector::test {
namespace {

TEST(Regression, a_uri_without_scheme_is_shown_without_its_password) {
  EXPECT_EQ(redact_uri("app:s3cret@db1"), "app:***@db1");
  EXPECT_EQ(redact_uri("db1:27017"), "db1:27017");
  try {
    connect("app:s3cret@db1:27017/ops");
    FAIL() << "connected";
  } catch (const ConnectError& error) {
    EXPECT_EQ(std::string(error.what()).find("s3cret"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace mongoelector::test
