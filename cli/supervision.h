// What `lock`, `once` and `run` have in common: flags, timings, the command's environment, signals.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/child.h"
#include "cli/command.h"
#include "cli/interruptible.h"
#include "cli/lease_file.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/signals.h"
#include "cli/terminal.h"
#include "mongoelector/options.h"

namespace mongoelector::cli {

struct SupervisionFlags {
  std::optional<Duration> ttl;
  std::optional<Duration> grace;
  std::string label;
  std::string note;
  bool keep_uri_env = false;
  bool leave_strays = false;

  void add(Flags& flags);
  // Throws Failure for texts that cannot be shown to others.
  void check() const;
};

// A flag that takes one of a few words.
template <class Value>
void add_choice(Flags& flags, const std::string& name, Value& value,
                std::vector<std::pair<std::string, Value>> choices, const std::string& meaning) {
  std::string words;
  for (const auto& choice : choices) words += (words.empty() ? "" : "|") + choice.first;
  const auto set = [name, &value, choices](const std::string& word) {
    std::string allowed;
    for (const auto& [text, choice] : choices) {
      if (text == word) {
        value = choice;
        return;
      }
      allowed += (allowed.empty() ? "" : ", ") + text;
    }
    throw Failure(Exit::usage, name + " " + shown(word) + " is not one of " + allowed);
  };
  flags.add_option(name, set, meaning).type_name(words);
}

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
  // What the margin has to leave after the KILL.
  static Duration after_kill(bool shared_store);
  // The library's refusal of these timings, with what would work instead.
  Failure refusal(const std::string& why, bool shared_store) const;
};

// For work that asks the store while no command runs: after --timeout, if that was given, else
// after `otherwise`, the process ends as if the store were not there. `consequence`: see Deadline;
// this one writes the report too.
Meanwhile limit(Context& context, Report& report, const std::string& consequence = {},
                std::optional<Duration> otherwise = {});

// Runs such work so that it also ends the process when a signal asks for it.
void ask_store(Context& context, Signals& signals, Report& report,
               const std::function<void()>& work);

// open_connection() that a signal ends, and with it the process: nothing is held yet. `report`
// hears of it.
Connection open_supervised(Context& context, StoreChoice choice, Signals& signals, Report& report,
                           ConnectOptions options = {});

// Who we are to the command and to other processes it starts.
struct Tenure {
  const Key& key;
  std::string holder_id;  // the holder's uuid
  std::string label;
  Token token;
  Duration ttl;
  std::uint64_t term = 0;  // its number for people; 0: not known, or a lock
};

// "web-2.4121.9f3c": label or host, pid, the start of the uuid.
std::string holder_name(const std::string& label, const std::string& holder_id);

// `lease_file` is where the command can read about the lease, and may be empty.
ChildPlan plan_child(const std::vector<std::string>& command, const SupervisionFlags& flags,
                     const Signals& signals, const Tenure& tenure, const std::string& lease_file);

// Whether a lock of this holder is held for a command of which we are a part.
bool held_for_us(const std::string& holder_id);
// What "me" means to a question: in a command that `lock` or `run` started, its own holder;
// elsewhere any process of this machine.
bool is_me(const Holder& holder);

// Brings what the command is to hear to it. The first signal that asks to end, if one came.
std::optional<int> deliver_signals(Signals& signals, Child& child, const Terminal& terminal);

// Sees what became of the command and says what people should know of it. One that was suspended
// for want of the terminal gets it; otherwise the terminal is ours again when the command was
// suspended, and when it has ended.
void look_at(Child& child, Terminal& terminal, Output& out);

// When a loop has to look at its lease and its command again: at their deadlines, and often enough
// for the guardian to hear of every renewal long before the deadline of the one before.
Instant next_look(const Child& child, const StopBudget& budget, Instant now);

// "lease can no longer be proven; stopping pid 4130 (TERM, KILL in 4s)", and what came of it.
std::string stopping_text(const Child& child, const StopBudget& budget, Instant now);
std::string stopped_text(const Child& child, const StopBudget& budget, Instant now);

}  // namespace mongoelector::cli
