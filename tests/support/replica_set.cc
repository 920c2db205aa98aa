#include "support/replica_set.h"

#include <stdexcept>
#include <string_view>

#include "support/eventually.h"

namespace mongoelector::test {

namespace {

constexpr const char* kIsPrimary = R"("isWritablePrimary" : true)";
constexpr const char* kIsSecondary = R"("secondary" : true)";

// Grows with every election.
std::string election_of(const std::string& hello) {
  constexpr std::string_view field = R"("electionId" : { "$oid" : ")";
  constexpr std::size_t digits = 24;
  const std::size_t at = hello.find(field);
  return at == std::string::npos ? "" : hello.substr(at + field.size(), digits);
}

}  // namespace

ReplicaSet::ReplicaSet(Links links) : servers_(Mongod::never_primaries(kMembers)) {
  if (links == Links::proxied) {
    for (const auto& server : servers_)
      proxies_.push_back(std::make_unique<TcpProxy>(server->port(), TcpProxy::Speech::mongodb));
  }
  initiate();
  await_primary();
  await_all();
}

void ReplicaSet::initiate() const {
  std::string members;
  for (int i = 0; i < kMembers; ++i) {
    members += std::string(i == 0 ? "" : ", ") + R"({"_id": )" + std::to_string(i) +
               R"(, "host": ")" + address(i) + R"("})";
  }
  run_command(0, R"({"replSetInitiate": {"_id": "rs0", "members": [)" + members +
                     R"(], "settings": {"electionTimeoutMillis": 1000,
                        "heartbeatIntervalMillis": 200, "heartbeatTimeoutSecs": 1}}})");
}

std::string ReplicaSet::address(int member) const {
  const auto at = static_cast<std::size_t>(member);
  const int port = proxies_.empty() ? servers_[at]->port() : proxies_[at]->port();
  return "127.0.0.1:" + std::to_string(port);
}

std::string ReplicaSet::uri(const std::string& database) const {
  return "mongodb://" + address(0) + "," + address(1) + "," + address(2) + "/" + database +
         "?replicaSet=rs0";
}

std::string ReplicaSet::run_command(int member, const std::string& command,
                                    const std::string& database) const {
  return server(member).run_command(command, database);
}

std::string ReplicaSet::hello(int member) const {
  if (states_.at(static_cast<std::size_t>(member)) != State::running) return {};
  try {
    return run_command(member, R"({"hello": 1})");
  } catch (const std::runtime_error&) {
    return {};  // a member closes its connections when it changes its role
  }
}

std::optional<int> ReplicaSet::primary() const {
  std::optional<int> latest;
  std::string election;
  for (int i = 0; i < kMembers; ++i) {
    const std::string reply = hello(i);
    if (reply.find(kIsPrimary) == std::string::npos) continue;
    if (latest && election_of(reply) < election) continue;
    latest = i;
    election = election_of(reply);
  }
  return latest;
}

int ReplicaSet::await_primary(std::optional<int> excluded) const {
  std::optional<int> found;
  const bool there_is = eventually([&] {
    found = primary();
    return found && found != excluded;
  });
  if (!there_is) throw std::runtime_error("the replica set has no primary");
  return *found;
}

void ReplicaSet::await_all() const {
  const bool ready = eventually([&] {
    for (int i = 0; i < kMembers; ++i) {
      if (states_.at(static_cast<std::size_t>(i)) != State::running) continue;
      const std::string reply = hello(i);
      if (reply.find(kIsPrimary) == std::string::npos &&
          reply.find(kIsSecondary) == std::string::npos)
        return false;
    }
    return true;
  });
  if (!ready) throw std::runtime_error("a member of the replica set does not come up");
}

void ReplicaSet::kill(int member) {
  server(member).kill();
  states_.at(static_cast<std::size_t>(member)) = State::dead;
}

void ReplicaSet::suspend(int member) {
  server(member).suspend();
  states_.at(static_cast<std::size_t>(member)) = State::suspended;
}

void ReplicaSet::resume(int member) {
  server(member).resume();
  states_.at(static_cast<std::size_t>(member)) = State::running;
}

void ReplicaSet::restart(int member) {
  server(member).restart();
  states_.at(static_cast<std::size_t>(member)) = State::running;
}

void ReplicaSet::step_down() {
  run_command(await_primary(),
              R"({"replSetStepDown": 2, "secondaryCatchUpPeriodSecs": 1, "force": true})");
}

void ReplicaSet::partition(int member, Direction direction, With with) {
  using Way = TcpProxy::Way;
  const bool in = direction != Direction::out;
  const bool out = direction != Direction::in;
  TcpProxy& own = proxy(member);
  if (with != With::members) {
    if (in) own.drop(Way::to_server, "client");
    if (out) own.drop(Way::to_client, "client");
  }
  if (with == With::clients) return;
  const std::string name = std::to_string(server(member).port());
  for (int i = 0; i < kMembers; ++i) {
    if (i == member) continue;
    const std::string rival = std::to_string(server(i).port());
    // The two talk over connections that either may have opened.
    if (in) own.drop(Way::to_server, rival);
    if (in) proxy(i).drop(Way::to_client, name);
    if (out) own.drop(Way::to_client, rival);
    if (out) proxy(i).drop(Way::to_server, name);
  }
}

void ReplicaSet::heal() {
  for (const auto& proxy : proxies_) proxy->pass();
}

}  // namespace mongoelector::test
