// The processes that are tortured: five workers and three runners, kept running, and what is done
// to them.
//
// Used by one thread, which must live as long as they do: they die with it.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/process.h"
#include "torture/program/facilities.h"
#include "torture/program/schedule.h"
#include "torture/program/worker.h"

namespace mongoelector::torture {

struct Setup {
  Store store = Store::sqlite;
  std::string uri;
  std::string evidence;   // directories
  std::string registers;
  std::string self;  // this program
  std::string tool;  // mongoelector
  std::chrono::milliseconds ttl{0};
  std::chrono::milliseconds grace{0};
  std::uint64_t seed = 0;
  Bug bug = Bug::none;  // of the workers
};

// Something that was done, for as long as it lasted.
struct Injected {
  FaultKind kind = FaultKind::stop;
  int target = -1;  // a client; -1: the store
  Role role = Role::itself;
  std::int64_t begin = 0;
  std::int64_t end = 0;  // of what does not last: the same
  // The child could not be killed in time, as whoever has to do it stood still.
  bool held_up_guardian = false;
  pid_t killed = 0;
};

class Clients {
 public:
  Clients(const Setup& setup, const Facilities& facilities);
  ~Clients();
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  void start();
  // Starts again what has ended or was killed, and ends faults whose time is over.
  void look_after();
  // False if this machine cannot do it, or there was nobody to do it to.
  bool inject(Fault fault);
  void heal();  // every fault that lasts
  void stop();  // gently; who does not end in time is killed, and that is trouble

  const std::vector<Injected>& injected() const { return injected_; }
  // Ends that nobody asked for, with what was printed.
  const std::vector<std::string>& trouble() const { return trouble_; }
  static std::string name(int client);

 private:
  struct Client {
    std::unique_ptr<Group> group;
    std::unique_ptr<Network> network;
    std::unique_ptr<test::Process> process;
    std::int64_t start_at = 0;  // not before
    bool killed = false;        // by us
  };
  struct Lasting {
    std::size_t which;  // of injected_
    std::int64_t until;
    int pidfd;  // of what is stopped, else -1
  };

  Client& at(int client) { return clients_.at(static_cast<std::size_t>(client)); }
  void launch(int client);
  std::vector<std::string> command(int client) const;
  // `asked`: it was told to end.
  void note_end(int client, bool asked);
  // Who a fault is meant for: one that runs, if there is any.
  std::optional<int> choose(const Fault& fault);
  // A pidfd, and which role it turned out to be; -1 if there is no such process.
  int open_process(int client, Role& role, pid_t& pid);
  bool kill_one(const Fault& fault);
  void kill_tree(const Fault& fault);
  bool begin(const Fault& fault);
  void end(const Lasting& fault);

  const Setup setup_;
  const Facilities& facilities_;
  std::array<Client, kClients> clients_;
  std::vector<Injected> injected_;
  std::vector<Lasting> lasting_;
  std::vector<std::string> trouble_;
};

}  // namespace mongoelector::torture
