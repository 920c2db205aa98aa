// What is done to whom and when, drawn from a seed before anything starts: the same seed, mix,
// store and length give the same schedule on every machine. What a machine cannot do stays in it
// and is counted as not injected.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mongoelector::torture {

enum class Store { sqlite, mongodb };

enum class FaultKind {
  // of one client
  stop,       // SIGSTOP, later SIGCONT
  freeze,     // the control group's freezer, all its processes at once
  throttle,   // a quota of a tenth of a processor
  kill,       // kill -9 of one process
  kill_tree,  // kill -9 of all its processes at once
  deaf,       // nothing from the servers reaches it
  mute,       // nothing from it reaches the servers
  cut_off,    // both
  // of the store
  busy,            // SQLite: another process holds the write lock
  member_kill,     // kill -9, later a restart
  member_stop,     // SIGSTOP, later SIGCONT
  step_down,       // of the primary
  partition_in,    // of a member from the other members, its clients, or all
  partition_out,
  partition_both,
  reset,           // all connections of a member
  delay,           // of everything that clients send to it and get from it
  drip,            // a few bytes at a time
  half_open,       // connections live on, nothing passes, and what was said in between is lost
  swallow,         // replies are lost after the effect
};
inline constexpr std::size_t kFaultKinds = static_cast<std::size_t>(FaultKind::swallow) + 1;
const char* name_of(FaultKind kind);
bool is_of_client(FaultKind kind);

// Of a runner: the command line tool itself, the guardian it starts, or the command under it. A
// worker has one process, whatever the role.
enum class Role { itself, guardian, child };

inline constexpr int kWorkers = 5;
inline constexpr int kRunners = 3;
inline constexpr int kClients = kWorkers + kRunners;
// Whoever has it when the time has come: who that is, no seed can tell.
inline constexpr int kElectionHolder = -1;
inline constexpr int kLockHolder = -2;
// The runners after the workers; the last one uses the lock, the others run for election.
inline constexpr int kLockRunner = kClients - 1;

struct Fault {
  std::int64_t at_ms = 0;
  std::int64_t for_ms = 0;  // of what lasts
  FaultKind kind = FaultKind::stop;
  // A client, kElectionHolder or kLockHolder; of a fault of the store a member, counted from the
  // primary.
  int target = 0;
  Role role = Role::itself;
};

// Six mixes: pauses, kills, network, failover, cpu, everything. Where a mix has nothing for a store
// (SQLite has no network) its faults are those that come closest.
const std::vector<std::string>& mixes();

struct Schedule {
  std::vector<Fault> clients;  // by time
  std::vector<Fault> store;    // by time, one after the other
};

// Throws std::invalid_argument for an unknown mix.
Schedule draw_schedule(std::uint64_t seed, const std::string& mix, Store store,
                       std::int64_t length_ms);

}  // namespace mongoelector::torture
