// The MongoDB driver counts in a file of shared memory. kill -9 of the tool left it behind, and a
// later process of the same number complained of it.
#include <gtest/gtest.h>

#include <filesystem>

#include "support/mongod.h"
#include "support/tool.h"

namespace mongoelector::test {
namespace {

TEST(KilledTool, leaves_no_shared_memory_behind_and_the_environment_of_its_command_as_it_was) {
  const auto server = Mongod::replica_set();
  std::vector<std::string> command = tool_command(
      {"lock", "nightly", "--uri", server->uri("ops"), "--", "sh", "-c",
       "echo ready ${MONGOC_DISABLE_SHM-unset}; read line"});
  command.insert(command.begin(), {"env", "-u", "MONGOC_DISABLE_SHM"});
  Process tool(command, {.talks = true});
  EXPECT_EQ(tool.await_line("ready"), "ready unset");
  EXPECT_FALSE(std::filesystem::exists("/dev/shm/mongoc-" + std::to_string(tool.pid())));
  tool.write_line("end");
  EXPECT_EQ(tool.wait().code, 0);
}

}  // namespace
}  // namespace mongoelector::test
