// The proxy in front of a real mongod: it knows commands and their replies.
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "facilities/socket_pair.h"
#include "support/mongod.h"
#include "support/tcp_proxy.h"

namespace mongoelector::test {
namespace {

using Way = TcpProxy::Way;

class ProxiedMongod : public testing::Test {
 protected:
  std::string run(const std::string& command, const std::string& options = {}) {
    return run_command_at("mongodb://127.0.0.1:" + std::to_string(proxy_.port()) +
                              "/?directConnection=true" + options,
                          command, database_);
  }
  // What is in the collection, asked for past the proxy.
  std::string stored() {
    return server_.run_command(R"({"find": "things"})", database_);
  }
  static std::string claim(const std::string& id) {
    return R"({"findAndModify": "things", "upsert": true, "query": {"_id": ")" + id +
           R"("}, "update": {"$set": {"taken": true}}})";
  }

  Mongod& server_ = Mongod::shared_replica_set();
  TcpProxy proxy_{server_.port(), TcpProxy::Speech::mongodb};
  const std::string database_ = fresh_database();
};

TEST_F(ProxiedMongod, commands_are_counted_by_name) {
  for (const char* id : {"a", "b", "c"}) run(claim(id));
  run(R"({"find": "things"})");
  const auto commands = proxy_.counts().commands;
  EXPECT_EQ(commands.at("findAndModify"), 3);
  EXPECT_EQ(commands.at("find"), 1);
  EXPECT_EQ(commands.count("insert"), 0U);
}

TEST_F(ProxiedMongod, a_write_whose_reply_is_swallowed_has_happened) {
  proxy_.swallow_replies("findAndModify");
  EXPECT_THROW(run(claim("a")), std::runtime_error);
  EXPECT_EQ(proxy_.counts().swallowed, 1);
  EXPECT_NE(stored().find(R"("_id" : "a")"), std::string::npos);
  run(claim("b"));
  EXPECT_NE(stored().find(R"("_id" : "b")"), std::string::npos);
}

TEST_F(ProxiedMongod, only_replies_to_the_command_named_are_swallowed) {
  proxy_.swallow_replies("findAndModify");
  run(R"({"find": "things"})");
  EXPECT_EQ(proxy_.counts().swallowed, 0);
}

TEST_F(ProxiedMongod, a_black_hole_times_the_client_out) {
  proxy_.drop(Way::to_client);
  EXPECT_THROW(run(R"({"ping": 1})", "&serverSelectionTimeoutMS=200&connectTimeoutMS=200"),
               std::runtime_error);
  EXPECT_GT(proxy_.counts().dropped, 0U);
  proxy_.pass();
  run(R"({"ping": 1})");
}

TEST_F(ProxiedMongod, what_is_not_the_wire_protocol_is_reset) {
  End stranger = Server::connect_to(proxy_.port());
  stranger.say("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(stranger.was_reset());
}

}  // namespace
}  // namespace mongoelector::test
