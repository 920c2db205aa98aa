// The tool loads the MongoDB store when it needs it, and what the driver needs for TLS, a login or
// compression only when a URI asks for that.
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <string>

#include "cli/stores.h"
#include "support/certificate.h"
#include "support/mongod.h"

namespace mongoelector::test {
namespace {

Finished list_at(const std::string& uri, const std::string& tool = MONGOELECTOR_CLI) {
  return run_process({tool, "list", "--json"}, {.environment = {{"MONGODB_URI", uri}}});
}

std::string at(const Mongod& server) { return "127.0.0.1:" + std::to_string(server.port()); }

// Where the tool stands, without the file `lacking`.
std::string tool_without(const std::string& lacking, const TempDir& dir) {
  namespace fs = std::filesystem;
  const fs::path built = MONGOELECTOR_CLI;
  const fs::path copy = dir.file("bin/mongoelector");
  const fs::path libraries = dir.file("lib/mongoelector");
  fs::create_directories(copy.parent_path());
  fs::create_directories(libraries);
  fs::copy_file(built, copy);
  for (const auto& file : fs::directory_iterator(built.parent_path() / "../lib/mongoelector"))
    if (file.path().filename() != lacking)
      fs::copy_file(file.path(), libraries / file.path().filename());
  return copy;
}

TEST(Module, that_is_missing_is_told_and_the_tool_works_on_sqlite) {
  const TempDir dir;
  const std::string tool = tool_without("mongodb.so", dir);
  EXPECT_EQ(list_at("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=1", tool).code, 76);
  EXPECT_EQ(list_at("sqlite:" + dir.file("leases.db"), tool).code, 0);
}

// With the driver inside they are the module's, and may be missing; see src/CMakeLists.txt.
#ifdef MONGOELECTOR_DRIVER_INSIDE
TEST(Module, whose_libraries_are_missing_works_where_none_is_asked_for) {
  const TempDir dir;
  const std::string tool = tool_without("mongodb-libraries.so", dir);
  const Mongod& server = Mongod::shared_standalone();
  for (const std::string option : {"", "tls=false", "authSource=other", "zlibCompressionLevel=1"})
    EXPECT_EQ(list_at(server.uri("ops") + "?" + option, tool).code, 0) << option;
  for (const std::string option :
       {"tls=true", "ssl=true", "tlsInsecure=true", "tlsCAFile=/dev/null", "compressors=zlib",
        "tlsCertificateKeyFile=/dev/null", "compressors=snappy,zstd", "tlsAllowInvalidHostnames=1"})
    EXPECT_EQ(list_at(server.uri("ops") + "?" + option, tool).code, 76) << option;
  for (const std::string login : {"", "?authMechanism=GSSAPI", "?authMechanism=PLAIN"})
    EXPECT_EQ(list_at("mongodb://app:s3cret@" + at(server) + "/" + login, tool).code, 76) << login;
}
#endif

// Nothing that the module calls is in none of the libraries.
TEST(Module, works_where_all_symbols_are_looked_up_at_once) {
  const Finished tool = run_tool({"--uri", Mongod::shared_standalone().uri("ops"), "list"},
                                 {.environment = {{"LD_BIND_NOW", "1"}}});
  EXPECT_EQ(tool.code, 0) << tool.err;
}

// Tool and module may each have a C++ runtime inside; what throws and catches has to be one.
TEST(Module, shares_with_the_tool_what_exceptions_need) {
  const Finished tool = run_tool({"--uri", "mongodb://127.0.0.1:1/?nonsense=1", "list"},
                                 {.environment = {{"LD_DEBUG", "bindings"}}});
  EXPECT_EQ(tool.code, 64);
  const std::string module = "lib/mongoelector/mongodb.so [0]";
  std::istringstream lines(tool.err);
  int thrown = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t to = line.find(module + " to ");
    if (to == std::string::npos || line.find("symbol `__cxa_") == std::string::npos) continue;
    EXPECT_EQ(line.find(module, to + module.size()), std::string::npos) << line;
    thrown += line.find("`__cxa_throw'") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(thrown, 1);
}

TEST(Driver, speaks_tls) {
  const TempDir dir;
  const std::string authority = certificate(dir, "server");
  const auto server = Mongod::with_tls(authority);
  const std::string uri = "mongodb://" + at(*server) + "/ops?tls=true";
  const Finished tool = list_at(uri + "&tlsCAFile=" + authority);
  EXPECT_EQ(tool.code, 0) << tool.err;
  EXPECT_EQ(list_at(uri).code, 69);
}

TEST(Driver, compresses) {
  for (const std::string how : {"snappy", "zlib", "zstd", "snappy,zlib,zstd"}) {
    const std::string uri = Mongod::shared_standalone().uri("ops") + "?compressors=" + how;
    const Finished tool = run_tool({"--uri", uri, "lock", "packed", "--", "echo", "ran"});
    EXPECT_EQ(tool.out, "ran\n") << how << ": " << tool.err;
  }
}

// A password is prepared as SASLprep says: a soft hyphen counts for nothing.
TEST(Driver, prepares_a_password) {
  const auto server = Mongod::with_password();
  const std::string there = "@" + at(*server) + "/ops?authMechanism=SCRAM-SHA-256";
  EXPECT_EQ(list_at("mongodb://app:s3cr%C2%ADet" + there).code, 0);
  EXPECT_EQ(list_at("mongodb://app:s3cr-et" + there).code, 77);
}

// Whether the server, the driver or SASL does not know the name: each mechanism gets an answer.
TEST(Driver, answers_each_kind_of_login) {
  const std::string there = at(Mongod::shared_standalone()) + "/?authMechanism=";
  for (const std::string mechanism : {"SCRAM-SHA-1", "SCRAM-SHA-256", "PLAIN", "GSSAPI"})
    EXPECT_EQ(list_at("mongodb://app:s3cret@" + there + mechanism).code, 77);
  EXPECT_EQ(list_at("mongodb://app:s3cret@" + there + "MONGODB-AWS").code, 69);
}

}  // namespace
}  // namespace mongoelector::test
