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

TEST(Regression, half_a_password_is_not_taken_for_a_host_that_is_to_be_looked_up) {
  const std::string complaint = complaint_about("mongodb+srv://a:s3c@ret@c.example.invalid/");
  EXPECT_NE(complaint.find("%40"), std::string::npos) << complaint;
  EXPECT_EQ(complaint.find("ret"), std::string::npos) << complaint;
}

TEST(Regression, compressors_are_judged_as_the_driver_reads_them) {
  for (const char* list : {"lzma", "zlib,", "", "zlib&compressors=lzma"}) {
    EXPECT_NE(complaint_about(std::string("mongodb://127.0.0.1:1/?compressors=") + list)
                  .find("cannot be read"),
              std::string::npos)
        << list;
  }
}

// Nothing listens there: they are past the reading.
TEST(Regression, odd_uris_that_the_driver_understands_are_not_refused) {
  for (const char* uri :
       {"mongodb://a:b?c=d@127.0.0.1:1/", "mongodb://127.0.0.1:1/?",
        "mongodb://127.0.0.1:1/?compressors=lzma&compressors=zlib%2Csnappy",
        "mongodb://%2Fnowhere%2Fa%40b.sock/"}) {
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
