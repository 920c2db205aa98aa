// `lock`, `once` and `run` took --timeout and did not keep to it.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "cli/supervised.h"
#include "support/mongod.h"

namespace mongoelector::test {
namespace {

const std::string kTool = MONGOELECTOR_CLI;
const std::string kLate = "the store did not answer within ";

// Takes connections and says nothing.
class Mute {
 public:
  Mute() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (bind(socket_, any, size) != 0 || listen(socket_, 16) != 0 ||
        getsockname(socket_, any, &size) != 0) {
      ADD_FAILURE() << "no port to be had";
    }
    port_ = ntohs(address.sin_port);
  }
  ~Mute() { close(socket_); }
  std::string uri() const { return "mongodb://127.0.0.1:" + std::to_string(port_) + "/ops"; }

 private:
  const int socket_;
  int port_ = 0;
};

TEST(Timeout, bounds_the_first_contact_of_who_starts_a_command) {
  const Mute server;
  const LocalStore store;
  const std::string file = store.file("report");
  for (const std::string start :
       {"lock a -n", "lock a", "lock a -w 1h", "once a --per 1h", "run a"}) {
    const std::string line = kTool + " --uri " + server.uri() +
                             " --timeout 300ms " + start + " -- true";
    const Finished finished =
        run_process({"sh", "-c", line}, {.environment = {{"MONGOELECTOR_REPORT_FILE", file}}});
    EXPECT_EQ(finished.code, 69) << start;
    EXPECT_NE(finished.err.find(kLate + "300ms"), std::string::npos) << finished.err;
    EXPECT_NE(content(file).find("\"cause\":\"store\""), std::string::npos) << content(file);
  }
}

// A server that is slow to answer one kind of command.
class Timeouts : public testing::Test {
 protected:
  void slow_claims(int times) const {
    server_.fail_commands("mongoelector",
                          R"("failCommands": ["findAndModify"], "blockConnection": true, )"
                          R"("blockTimeMS": 2500)",
                          times);
  }
  ~Timeouts() override { server_.stop_failing(); }
  // A machine that is busy enough may not even make contact in this second; then again.
  Finished lock(const std::string& name, const std::string& flag) const {
    for (int tries = 0;; ++tries) {
      slow_claims(1);
      Finished finished = run_tool({"--uri", server_.uri("timeouts"), "--timeout", "1s", "lock",
                                    name, flag, "--", "true"});
      if (finished.err.find(kLate + "1s; --timeout") == std::string::npos || tries == 20)
        return finished;
    }
  }

  Mongod& server_ = Mongod::shared_replica_set();
};

// A call ends by itself after 1.5 s.
TEST_F(Timeouts, bounds_the_attempt_of_who_does_not_wait) {
  const Finished finished = lock("late", "-n");
  EXPECT_EQ(finished.code, 69);
  EXPECT_NE(finished.err.find(kLate + "1s; it may be held all the same"), std::string::npos)
      << finished.err;
}

TEST_F(Timeouts, do_not_bound_a_wait) {
  EXPECT_EQ(lock("patient", "--quiet-wait").code, 0);
}

}  // namespace
}  // namespace mongoelector::test
