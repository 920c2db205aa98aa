// redact_uri hid the password before the '@' and left those among the options; the driver's
// complaint about a password that is not percent-encoded quoted it.
#include <gtest/gtest.h>

#include "mongoelector/connect.h"
#include "mongoelector/error.h"

namespace mongoelector::test {
namespace {

TEST(Regression, secrets_among_the_options_of_a_uri_are_not_shown) {
  EXPECT_EQ(redact_uri("mongodb://db1/?tls=true&tlsCertificateKeyFilePassword=s3cret&w=1"),
            "mongodb://db1/?tls=true&tlsCertificateKeyFilePassword=***&w=1");
  EXPECT_EQ(redact_uri("mongodb://a:b@db1/?PROXYPASSWORD=s3cret"),
            "mongodb://a:***@db1/?PROXYPASSWORD=***");
  EXPECT_EQ(redact_uri("mongodb://db1/?authMechanismProperties=AWS_SESSION_TOKEN:s3c=ret,A:b"),
            "mongodb://db1/?authMechanismProperties=***");
  for (const char* uri : {"mongodb://db1/?proxyPassword=s3@cret", "mongodb://db1:1/?token=s3@cret",
                          "mongodb://a:s3?cret@db1/?secret=s3cret;password=cret"}) {
    EXPECT_EQ(redact_uri(uri).find("s3"), std::string::npos) << redact_uri(uri);
    EXPECT_EQ(redact_uri(uri).find("cret@"), std::string::npos) << redact_uri(uri);
  }
  EXPECT_EQ(redact_uri("mongodb://db1/?tlsCertificateKeyFile=/etc/key.pem&w=1"),
            "mongodb://db1/?tlsCertificateKeyFile=/etc/key.pem&w=1");
}

TEST(Regression, complaints_about_a_uri_quote_no_secret) {
  for (const char* uri :
       {"mongodb://app:s3c:ret@127.0.0.1:1/ops", "mongodb://app:s3c%ret@127.0.0.1:1/",
        "mongodb://app:s3c/ret@127.0.0.1:1/", "mongodb://app:s3c\"r:et@127.0.0.1:1/",
        "mongodb://app:s3c@ret@127.0.0.1:1/?x=y", "mongodb://127.0.0.1:1/?proxyPassword=s3cret",
        "mongodb://127.0.0.1:1/?tlsCertificateKeyFilePassword=s3c%ret",
        "mongodb://s3c:ret@"}) {
    try {
      connect(uri);
      ADD_FAILURE() << "connected to " << uri;
    } catch (const ConnectError& error) {
      const std::string message = error.what();
      EXPECT_EQ(error.problem(), ConnectProblem::bad_uri) << message;
      EXPECT_EQ(message.find("s3c"), std::string::npos) << message;
      EXPECT_EQ(message.find("ret@"), std::string::npos) << message;
      EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    }
  }
}

}  // namespace
}  // namespace mongoelector::test
