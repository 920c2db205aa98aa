// What `lock` and `run` have in common: flags, timings, the command's environment, signals.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/child.h"
#include "cli/command.h"
#include "cli/signals.h"
#include "mongoelector/options.h"

namespace mongoelector::cli {

struct SupervisionFlags {
  std::optional<Duration> ttl;
  std::optional<Duration> grace;
  std::string label;
  std::string note;
  bool keep_uri_env = false;
  bool leave_strays = false;

  void add(CLI::App& app);
  // Throws Failure for texts that cannot be shown to others.
  void check() const;
};

// When a command has to be told, and killed, for it to be gone before the lease ends:
//
//   renewal sent           TERM         KILL   the store lets others in
//   |-- ttl - margin -------|-- grace ---|------|
//
// The rest after KILL is for a kill that is late and, between machines, for their clocks.
struct StopBudget {
  Duration ttl;
  Duration grace;
  Duration margin;

  StopBudget(const SupervisionFlags& flags, bool shared_store);
  // The library's refusal of these timings, with what would work instead.
  Failure refusal(const std::string& why, bool shared_store) const;
};

// Who we are to the command and to other processes it starts.
struct Tenure {
  const Key& key;
  std::string holder_id;  // the holder's uuid
  std::string label;
  Token token;
  Duration ttl;
};

// "web-2.4121.9f3c": label or host, pid, the start of the uuid.
std::string holder_name(const std::string& label, const std::string& holder_id);

ChildPlan plan_child(const std::vector<std::string>& command, const SupervisionFlags& flags,
                     const Signals& signals, const Tenure& tenure);

// Whether a lock of this holder is held for a command of which we are a part.
bool held_for_us(const std::string& holder_id);

// Brings what the command is to hear to it. The first signal that asks to end, if one came.
std::optional<int> deliver_signals(Signals& signals, Child& child);

// How often a loop has to look at its lease: often enough that the guardian always knows of the
// latest renewal before the deadline of the one before.
Duration look_every(const StopBudget& budget);

// "lease can no longer be proven; stopping pid 4130 (TERM, KILL in 4s)", and what came of it.
std::string stopping_text(const Child& child, const StopBudget& budget, Instant now);
std::string stopped_text(const Child& child, const StopBudget& budget, Instant now);

}  // namespace mongoelector::cli
