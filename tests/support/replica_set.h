// A replica set of three real mongods, which fails over within a second or two.
//
// Proxied, each member is known to clients and to the other members by the address of a TcpProxy in
// front of it, and every link of the set can be cut in either direction: the proxies tell clients
// from members, and members from each other, by how they greet. Commands of the test itself
// (run_command) go past the proxies.
//
// What cannot be told apart: clients from each other, and from a mongod that starts and asks
// whether an address is its own. What a partition cannot do: let connect() hang, see tcp_proxy.h.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/mongod.h"
#include "support/tcp_proxy.h"

namespace mongoelector::test {

class ReplicaSet {
 public:
  static constexpr int kMembers = 3;
  enum class Links { direct, proxied };
  // Of a member's traffic: what is sent to it, or what it sends; requests and replies alike.
  enum class Direction { in, out, both };
  enum class With { clients, members, everybody };

  // Returns when there is a primary and the others have its data.
  explicit ReplicaSet(Links links = Links::direct);

  // mongodb://A,B,C/DATABASE?replicaSet=rs0
  std::string uri(const std::string& database = {}) const;
  std::string address(int member) const;  // by which the set knows it
  TcpProxy& proxy(int member) { return *proxies_.at(static_cast<std::size_t>(member)); }

  // The running member that is primary, of two that believe it the one elected later. Nothing
  // while there is none.
  std::optional<int> primary() const;
  // Waits for one that is not `excluded`. Throws when there is none in 20 s.
  int await_primary(std::optional<int> excluded = {}) const;
  // Until every running member is primary or secondary.
  void await_all() const;

  void kill(int member);  // SIGKILL
  void suspend(int member);
  void resume(int member);
  void restart(int member);  // after kill()
  // The primary gives up its role and does not stand for election for two seconds.
  void step_down();
  void partition(int member, Direction direction = Direction::both, With with = With::everybody);
  void heal();  // every partition, and every other fault of the proxies

  std::string run_command(int member, const std::string& command,
                          const std::string& database = "admin") const;

 private:
  enum class State { running, suspended, dead };
  Mongod& server(int member) const { return *servers_[static_cast<std::size_t>(member)]; }
  void initiate() const;
  std::string hello(int member) const;  // empty when it does not answer

  std::vector<std::unique_ptr<Mongod>> servers_;
  std::vector<std::unique_ptr<TcpProxy>> proxies_;
  std::array<State, kMembers> states_{};
};

}  // namespace mongoelector::test
