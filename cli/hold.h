// One lock while a command runs under it: what `lock` and `once` share.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/supervision.h"
#include "mongoelector/locker.h"

namespace mongoelector::cli {

struct HoldFlags {
  SupervisionFlags supervision;
  std::string script;  // -c
  bool warn_only = false;
  Duration at_least{};
  std::optional<Duration> max_hold;

  void add_script(Flags& flags);
  void add_max_hold(Flags& flags);
  // What to run. Throws Failure if that is not clear; `usage` says how to write it.
  std::vector<std::string> command_of(const Context& context, const std::string& usage) const;
};

// From connecting to the end of the command. The lock is waited for by whoever owns this.
class Hold {
 public:
  // Connects. Throws Failure for timings that cannot work.
  Hold(const HoldFlags& flags, Context& context, Report& report, const Key& key);

  Session& session() { return *session_; }
  MongoLocker& locker() { return *locker_; }
  Clock& clock() { return session_->clock(); }
  Signals& signals() { return signals_; }
  Report& report() { return report_; }

  // The signal that ended the waiting, as locker().acquire() does it: no record is left behind.
  std::optional<int> acquire(AcquireOptions options, const Meanwhile& meanwhile = {});
  // One attempt, for who does not wait: --timeout bounds it.
  std::optional<int> acquire_at_once();
  // Runs the command, which has to be over before this returns. Its exit code or ours.
  int run(const std::vector<std::string>& command);
  // After that: whether the command has begun at all.
  bool child_ran() const { return child_ && child_->ran(); }

 private:
  std::shared_ptr<Session> open();
  void look_at_lease(Child& child, LeaseFile& lease_file);
  void look_at_clock(Child& child);
  int finish(const Child& child);
  void stay();

  const HoldFlags& flags_;
  Context& context_;
  Report& report_;
  Signals signals_;
  Terminal terminal_;
  // On a server it is there before the driver and its threads are. Whoever waits goes without.
  std::unique_ptr<Guardian> guardian_;
  const std::shared_ptr<Session> session_;
  const StopBudget budget_;
  std::optional<MongoLocker> locker_;
  Instant began_{};
  // Until the end: its guardian takes a while to go, and whoever waits for the lock need not.
  std::optional<Child> child_;
  bool lost_ = false;
  bool held_too_long_ = false;
};

}  // namespace mongoelector::cli
