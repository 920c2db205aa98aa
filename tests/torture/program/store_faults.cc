#include "torture/program/store_faults.h"

#include <sqlite3.h>

#include <array>
#include <stdexcept>

#include "torture/program/evidence.h"

namespace mongoelector::torture {

namespace {

using test::ReplicaSet;
using test::TcpProxy;
using Way = TcpProxy::Way;

constexpr std::int64_t kMs = 1'000'000;

void wait_until(std::int64_t time) {
  for (std::int64_t left; (left = time - boot_time()) > 0;)
    pause_for_us(std::min<std::int64_t>(left, 20 * kMs) / 1000 + 1);
}

// False when the lock was not to be had.
bool hold_write_lock(const std::string& file, std::int64_t for_ms) {
  constexpr int kPatienceMs = 2000;
  sqlite3* database = nullptr;
  bool held = sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK;
  sqlite3_busy_timeout(database, kPatienceMs);
  held = held && sqlite3_exec(database, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK;
  if (held) wait_until(boot_time() + for_ms * kMs);
  sqlite3_close(database);
  return held;
}

// One fault of the set, from its begin to its end.
class SetFault {
 public:
  SetFault(ReplicaSet& set, const Fault& fault)
      : set_(set),
        fault_(fault),
        primary_(set.await_primary()),
        member_((primary_ + fault.target) % ReplicaSet::kMembers),
        until_(boot_time() + fault.for_ms * kMs) {}

  void inject() {
    switch (fault_.kind) {
      case FaultKind::member_kill:
        set_.kill(member_);
        wait_until(until_);
        set_.restart(member_);
        return;
      case FaultKind::member_stop:
        set_.suspend(member_);
        wait_until(until_);
        set_.resume(member_);
        return;
      case FaultKind::step_down:
        set_.step_down();
        return;
      case FaultKind::reset:
        set_.proxy(member_).cut();
        return;
      case FaultKind::swallow:
        swallow();
        return;
      default:
        trouble_traffic();
        wait_until(until_);
        set_.heal();
    }
  }

  // Of a fault after which the same member may lead again, or another.
  bool failed_over() const {
    return fault_.kind == FaultKind::step_down || set_.await_primary() != primary_;
  }

 private:
  void swallow() {
    constexpr std::array<const char*, 3> kCommands{"findAndModify", "update", "delete"};
    const char* command = kCommands[static_cast<std::size_t>(fault_.for_ms) % kCommands.size()];
    for (int i = 0; i < ReplicaSet::kMembers; ++i) set_.proxy(i).swallow_replies(command, 2);
    wait_until(until_);
    for (int i = 0; i < ReplicaSet::kMembers; ++i) set_.proxy(i).swallow_replies({}, 0);
  }

  void trouble_traffic() {
    constexpr std::chrono::milliseconds kDelay(250);
    constexpr std::chrono::milliseconds kDrip(20);
    constexpr std::size_t kDripBytes = 200;
    TcpProxy& proxy = set_.proxy(member_);
    for (const Way way : {Way::to_server, Way::to_client}) {
      if (fault_.kind == FaultKind::delay) proxy.delay(way, kDelay, "client");
      if (fault_.kind == FaultKind::drip) proxy.drip(way, kDripBytes, kDrip, "client");
      if (fault_.kind == FaultKind::half_open) proxy.drop(way, "client");
    }
    if (fault_.kind == FaultKind::partition_in) part(ReplicaSet::Direction::in);
    if (fault_.kind == FaultKind::partition_out) part(ReplicaSet::Direction::out);
    if (fault_.kind == FaultKind::partition_both) part(ReplicaSet::Direction::both);
  }

  void part(ReplicaSet::Direction direction) {
    // A primary whose clients still reach it while the others elect another is the hardest case.
    const bool all = fault_.for_ms % 2 == 0;
    set_.partition(member_, direction,
                   all ? ReplicaSet::With::everybody : ReplicaSet::With::members);
  }

  ReplicaSet& set_;
  const Fault& fault_;
  const int primary_;
  const int member_;
  const std::int64_t until_;
};

}  // namespace

StoreFaults torture_store(const std::vector<Fault>& schedule, std::int64_t begin, ReplicaSet* set,
                          const std::string& database) {
  StoreFaults done;
  for (const Fault& fault : schedule) {
    wait_until(begin + fault.at_ms * kMs);
    Injected injected{.kind = fault.kind, .begin = boot_time()};
    bool injectable = true;
    if (set == nullptr) {
      injectable = hold_write_lock(database, fault.for_ms);
    } else {
      SetFault here(*set, fault);
      here.inject();
      if (here.failed_over()) ++done.failovers;
    }
    injected.end = boot_time();
    if (injectable) {
      done.injected.push_back(injected);
    } else {
      done.failed.push_back(fault.kind);
    }
  }
  if (set != nullptr) {
    set->heal();
    set->await_all();
    set->await_primary();
  }
  return done;
}

}  // namespace mongoelector::torture
