// What a follower sends to MongoDB while nothing happens.
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "bench/bench.h"
#include "bench/process.h"
#include "support/mongod.h"
#include "support/tcp_proxy.h"

namespace mongoelector::bench {

namespace {

constexpr int kTtlSeconds = 15;
constexpr int kTtls = 4;

using Commands = std::map<std::string, int>;

std::string direct_uri(int port, const std::string& database) {
  return "mongodb://127.0.0.1:" + std::to_string(port) + "/" + database + "?directConnection=true";
}

// The driver looks at its server and ends its sessions by itself; a stream that is open asks for
// more.
int operations(const Commands& commands) {
  static const std::set<std::string> kNone{"hello",    "isMaster",    "ismaster",
                                           "ping",     "endSessions", "getMore"};
  int count = 0;
  for (const auto& [name, times] : commands) count += kNone.contains(name) ? 0 : times;
  return count;
}

std::string show(const Commands& commands) {
  std::string text;
  for (const auto& [name, times] : commands) {
    if (operations({{name, times}}) == 0 && name != "getMore") continue;
    text += (text.empty() ? "" : ", ") + std::to_string(times) + " " + name;
  }
  return text;
}

}  // namespace

Group measure_follower() {
  const auto server = test::Mongod::replica_set();
  test::TcpProxy ours(server->port(), test::TcpProxy::Speech::mongodb);
  test::TcpProxy theirs(server->port(), test::TcpProxy::Speech::mongodb);
  const std::string ttl = std::to_string(kTtlSeconds);
  Process our_leader = start_role({"candidate", server->uri("ours"), "bench", ttl});
  Process python_leader = start_partner({"candidate", server->uri("theirs"), "bench", ttl});
  for (int i = 0; i < 2; ++i) our_leader.read_number(), python_leader.read_number();
  Process follower = start_role({"candidate", direct_uri(ours.port(), "ours"), "bench", ttl});
  Process python =
      start_partner({"candidate", direct_uri(theirs.port(), "theirs"), "bench", ttl});
  follower.read_number();
  python.read_number();
  // Past their beginnings, and not near a poll of the Python package.
  std::this_thread::sleep_for(std::chrono::seconds(5));
  ours.reset_counts();
  theirs.reset_counts();
  std::this_thread::sleep_for(std::chrono::seconds(kTtls * kTtlSeconds));
  const Commands our_commands = ours.counts().commands;
  const Commands python_commands = theirs.counts().commands;

  const double we = static_cast<double>(operations(our_commands)) / kTtls;
  const double they = static_cast<double>(operations(python_commands)) / kTtls;
  const std::string of_span = "(in " + std::to_string(kTtls * kTtlSeconds) + " s: ";
  Group group{"follower"};
  group.figures.push_back(
      {.what = "operations of a follower at rest in a ttl of 15 s, MongoDB",
       .reached = text_of(we, of_span) + show(our_commands) + ")",
       .beside = "Python 1.0.2 " + text_of(they, of_span) + show(python_commands) + ")",
       .target = "<= 1/5, and one open stream",
       .met = we * 5 <= they});
  return group;
}

}  // namespace mongoelector::bench
