// One candidate of `run`, from its start to its end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/health.h"
#include "cli/herald.h"
#include "cli/hooks.h"
#include "cli/leadership.h"
#include "cli/notifier.h"
#include "cli/restarts.h"
#include "cli/supervision.h"

namespace mongoelector::cli {

struct RunFlags {
  std::string name;
  RestartFlags restart;
  HealthFlags health;
  HookFlags hooks;
  std::string role_file;
  int priority = 0;
  SupervisionFlags supervision;
};

class Candidate {
 public:
  // What it works with, made by whoever runs it.
  struct Means {
    const RunFlags& flags;
    Context& context;
    Session& session;
    Signals& signals;
    const StopBudget& budget;
    Report& report;
    Notifier& notifier;
    MongoElector& elector;
    Leadership& leadership;
  };

  explicit Candidate(const Means& means);
  // Also when something was thrown: onmasterloss must not wait for work that is gone.
  ~Candidate();
  Candidate(const Candidate&) = delete;
  Candidate& operator=(const Candidate&) = delete;

  // Until a signal or the command ends it. The exit code.
  int run();

 private:
  const std::vector<std::string>& command() const { return to_.context.command; }
  Output& out() { return to_.context.out; }
  Tenure tenure(Token token) const;
  std::uint64_t number_of(const Term& term) const;

  // While the command runs.
  void look_at_lease();
  void look_at_child();
  void child_ended();
  void restart_or_end(int code);

  // While it does not.
  void look_around(bool looked);
  void begin_term(const Term& term);
  void end_term(const std::string& why);
  void start_command();
  void name_leader();

  // Giving up for a while, so that a healthy host can lead.
  void step_down(const std::string& why);
  void cool_down();

  void wait();
  void answer_signals();
  void show_progress(bool looked);
  void drain_hooks();

  const Means to_;
  Clock& clock_;
  const Holder self_;
  std::uint64_t number_ = 0;  // of the term we act on; 0: not known
  Terminal terminal_;
  Hooks hooks_;
  Health health_;
  Herald herald_;
  Restarts restarts_;
  std::optional<Child> child_;
  std::optional<LeaseFile> lease_file_;
  std::optional<Term> term_;  // the one we act on
  bool lost_ = false;         // told the child already
  bool stepping_down_ = false;
  std::optional<Instant> cooling_until_;
  Instant start_at_{};
  Instant heard_{};  // from the elector, last
  Instant alive_at_ = Instant::max();
  bool ready_ = false;
  std::optional<int> stop_signal_;
  std::optional<int> exit_code_;
};

}  // namespace mongoelector::cli
