// The tool's copy of the driver had what it prepares for TLS left out, and with it the knowledge of
// certificates that must come with a proof of their validity (must-staple). Found by review.
#include <gtest/gtest.h>

#include "cli/supervised.h"
#include "support/certificate.h"

namespace mongoelector::test {
namespace {

TEST(Tls, of_a_server_without_the_proof_that_its_certificate_demands_is_refused) {
  const TempDir dir;
  const std::string file =
      certificate(dir, "server", {}, {"-addext", "tlsfeature=status_request"});
  Process server({"openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", file, "-key", file},
                 {.talks = true});
  const std::string accepts = server.await_line("ACCEPT 127.0.0.1:");
  const std::string place = accepts.substr(accepts.find("127.0.0.1:"));
  const Finished tool = run_tool({"--uri", "mongodb://" + place + "/ops?tls=true&tlsCAFile=" + file,
                                  "--timeout", "20s", "list"});
  EXPECT_EQ(tool.code, 69);
  EXPECT_NE(tool.err.find("OCSP"), std::string::npos) << tool.err;
}

}  // namespace
}  // namespace mongoelector::test
