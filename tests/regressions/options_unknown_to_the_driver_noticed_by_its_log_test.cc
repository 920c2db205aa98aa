// The driver ignores an option that it does not know and says so in its log; the library listened
// there, and took the URI once the application had given the driver a log of its own.
#include <gtest/gtest.h>
#include <mongoc/mongoc.h>

#include <string>

#include "mongoelector/connect.h"
#include "mongoelector/error.h"

namespace mongoelector::test {
namespace {

std::string complaint_about(const std::string& uri) {
  try {
    connect(uri);
    return "none";
  } catch (const ConnectError& error) {
    EXPECT_EQ(error.problem(), ConnectProblem::bad_uri) << error.what();
    return error.what();
  }
}

TEST(Regression, unknown_options_are_refused_whoever_reads_the_log_of_the_driver) {
  complaint_about("mongodb://");  // loads the driver, should nobody have done so
  mongoc_log_set_handler([](mongoc_log_level_t, const char*, const char*, void*) {}, nullptr);
  EXPECT_NE(complaint_about("mongodb://127.0.0.1:1/?w=1&tsl=true").find("\"tsl\""),
            std::string::npos);
  EXPECT_NE(complaint_about("mongodb://a:s3c@ret@127.0.0.1:1/?w=1").find("%40"),
            std::string::npos);
}

// Nothing listens at the port: they are past the reading.
TEST(Regression, a_question_mark_in_a_password_begins_no_options) {
  for (const char* uri : {"mongodb://a:b?c=d@127.0.0.1:1/", "mongodb://127.0.0.1:1/?"}) {
    try {
      connect(uri);
      ADD_FAILURE() << "connected to " << uri;
    } catch (const ConnectError& error) {
      EXPECT_EQ(error.problem(), ConnectProblem::unreachable) << error.what();
    }
  }
}

}  // namespace
}  // namespace mongoelector::test
