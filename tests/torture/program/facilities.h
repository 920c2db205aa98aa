// What this machine lets us do to processes and to their network. Looked at first, so that a run
// can say which faults it could not inject.
//
// Everything made here is named after the process that runs the torture and removed by it, or by
// sweep(), after it was killed.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "torture/program/schedule.h"

namespace mongoelector::torture {

struct Facilities {
  // Where control groups are; empty: none to be had.
  std::string unified;        // version 2
  std::string freezer_v1;     // only where version 2 cannot freeze
  std::string cpu_v1;         // only where version 2 has no such controller
  bool unified_freezes = false;
  bool unified_kills = false;
  bool unified_limits = false;
  bool namespaces = false;
  std::vector<std::string> missing;  // one line for each, with the reason

  bool can(FaultKind kind) const;
};

// Those that matter for a store; `without` names some to leave alone: freezer, cpu, kill, network.
Facilities probe(Store store, const std::set<std::string>& without);

// The control groups of one client.
class Group {
 public:
  Group(const Facilities& facilities, const std::string& name);
  ~Group();  // kills what is in it, where it can
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  // Directories that a process of the client enters before it does anything.
  const std::vector<std::string>& directories() const { return directories_; }
  void freeze(bool on) const;
  void throttle(bool on) const;
  void kill() const;

 private:
  const Facilities& facilities_;
  std::string unified_;
  std::string freezer_;
  std::string cpu_;
  std::vector<std::string> directories_;
};

// A network of its own for one client, in which 127.0.0.1 is this machine, at the other end of a
// pair of virtual cables.
class Network {
 public:
  Network(const std::string& name, int number);  // throws std::runtime_error
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  const std::string& name() const { return name_; }
  // Silent: what is sent gets lost on the way, in the given directions.
  void lose(bool from_client, bool to_client) const;

 private:
  void connect() const;

  const std::string name_;
  const std::string outer_;  // ends of the cable
  const std::string inner_;
  std::string outer_address_;
  std::string inner_address_;
  std::string outer_mac_;
  std::string inner_mac_;
};

// Enters groups and network, then becomes the program. Returns the reason where it cannot.
std::string enter_and_exec(const std::vector<std::string>& groups, const std::string& network,
                           const std::vector<std::string>& command);

// Names of what belongs to the run with this process id.
std::string run_name(pid_t run);
// After its end: thaws and kills what it left behind, as what is frozen may not die.
void end_groups(pid_t run);
// Removes what it left behind, once no process is left.
void sweep(pid_t run);

}  // namespace mongoelector::torture
