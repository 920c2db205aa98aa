// The driver speaks TLS as soon as a URI asks for a login by certificate, and without tls=true it
// had nothing to do so with: every program ended with a segmentation fault. Found by trying each
// mechanism.
#include <gtest/gtest.h>

#include "cli/supervised.h"
#include "support/mongod.h"

namespace mongoelector::test {
namespace {

TEST(X509, without_tls_is_refused) {
  const std::string uri = Mongod::shared_standalone().uri("ops") + "?authMechanism=mongodb-x509";
  const Finished tool = run_tool({"--uri", uri, "list"});
  EXPECT_EQ(tool.code, 64);
  EXPECT_NE(tool.err.find("tls=true"), std::string::npos) << tool.err;
}

}  // namespace
}  // namespace mongoelector::test
