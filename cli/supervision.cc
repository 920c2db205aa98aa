#include "cli/supervision.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "base/host_name.h"
#include "base/text.h"
#include "cli/deadline.h"
#include "cli/given.h"
#include "cli/password.h"
#include "cli/replace_file.h"

namespace mongoelector::cli {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kAncestors[] = "MONGOELECTOR_HELD_FOR";

bool names(std::string_view variable, std::string_view name) {
  return variable.size() > name.size() && variable.starts_with(name) &&
         variable[name.size()] == '=';
}

}  // namespace

void SupervisionFlags::add(Flags& flags) {
  add_duration(flags, "--ttl", ttl,
               "how long the lease outlives us if we hang; default 30s on MongoDB, 10s on SQLite");
  add_duration(flags, "--grace", grace,
               "time between TERM and KILL; default 4s on MongoDB, 2s on SQLite");
  flags.add_option("--as", label, "the name others see for us; host and pid are always added")
      .type_name("NAME");
  flags.add_option("--note", note, "a text shown to others").type_name("TEXT");
  flags.add_flag("--keep-uri-env", keep_uri_env,
                 "leave MONGODB_URI and MONGOELECTOR_URI in the command's environment");
  flags.add_flag("--leave-strays", leave_strays,
                 "when the command ends, do not kill what it left running in its process group");
}

void SupervisionFlags::check() const {
  internal::check_text("--as", label, 256);
  internal::check_text("--note", note, 1024);
}

Duration StopBudget::after_kill(bool shared_store) {
  return shared_store ? Duration(seconds(1)) : Duration(milliseconds(250));
}

StopBudget::StopBudget(const SupervisionFlags& flags, bool shared_store)
    : ttl(flags.ttl.value_or(shared_store ? seconds(30) : seconds(10))),
      grace(flags.grace.value_or(shared_store ? seconds(4) : seconds(2))),
      margin(std::max(ttl / 5, grace + after_kill(shared_store))) {}

Failure StopBudget::refusal(const std::string& why, bool shared_store) const {
  const Duration smallest = shared_store ? kSmallestTtlShared : kSmallestTtlEmbedded;
  // Renewals every ttl/5 and three tries of ttl/10 + ttl/20 leave 7/20 of the ttl for the margin.
  const Duration needed = std::max((grace + after_kill(shared_store)) * 20 / 7, smallest);
  const Duration unit = needed < seconds(1) ? milliseconds(100) : seconds(1);
  const Duration rounded = (needed + unit - Duration(1)) / unit * unit;
  return {Exit::config, why,
          fmt::format("--ttl {} works with --grace {}", internal::show_duration(rounded),
                      internal::show_duration(grace))};
}

Meanwhile limit(Context& context, Report& report, const std::string& consequence,
                std::optional<Duration> otherwise) {
  const auto timeout = context.globals.timeout ? context.globals.timeout : otherwise;
  if (!timeout) return {};
  const auto give_up = [&context, &report, timeout, consequence] {
    const Failure failure = too_late(*timeout, consequence);
    report.failed(failure);
    context.out.fail(failure);
    dismiss_waiting_guardian();
    _exit(static_cast<int>(failure.code()));
  };
  return {.what = give_up, .every = *timeout};
}

void ask_store(Context& context, Signals& signals, Report& report,
               const std::function<void()>& work) {
  const auto end = [&](int signal) {
    report.interrupted(signal);
    dismiss_waiting_guardian();
    _exit(128 + signal);
  };
  run_interruptible(signals, work, end, limit(context, report));
}

Connection open_supervised(Context& context, StoreChoice choice, Signals& signals, Report& report,
                           ConnectOptions options) {
  // The embedded store answers in no time, and threads take some.
  if (!choice.on_a_server()) return open_connection(context, choice, std::move(options));
  add_password(context, choice, [&](int signal) { report.interrupted(signal); });
  Connection connection;
  ask_store(context, signals, report,
            [&] { connection = open_connection(context, choice, std::move(options)); });
  return connection;
}

std::string holder_name(const std::string& label, const std::string& holder_id) {
  return fmt::format("{}.{}.{}", label.empty() ? internal::host_name() : label, getpid(),
                     holder_id.substr(0, 4));
}

ChildPlan plan_child(const std::vector<std::string>& command, const SupervisionFlags& flags,
                     const Signals& signals, const Tenure& tenure, const std::string& lease_file) {
  std::string ancestors = environment(kAncestors).value_or("");
  ancestors += (ancestors.empty() ? "" : " ") + tenure.holder_id;
  std::vector<std::pair<std::string, std::string>> ours{
      {"MONGOELECTOR_NAME", tenure.key.name()},
      {"MONGOELECTOR_KIND", std::string(to_string(tenure.key.kind()))},
      {"MONGOELECTOR_HOLDER", holder_name(tenure.label, tenure.holder_id)},
      {"MONGOELECTOR_TOKEN", tenure.token.known() ? to_string(tenure.token) : ""},
      {"MONGOELECTOR_TTL_SECONDS", fmt::format("{}", internal::seconds(tenure.ttl))},
      // Empty, they hide what another supervisor above us has said.
      {"MONGOELECTOR_TERM", tenure.term != 0 ? std::to_string(tenure.term) : ""},
      {"MONGOELECTOR_LEASE_FILE", lease_file},
      {kAncestors, ancestors}};
  ChildPlan plan{.argv = command,
                 .signal_mask = signals.inherited(),
                 .leave_strays = flags.leave_strays};
  if (!lease_file.empty()) plan.remove = {lease_file, draft_of(lease_file)};
  if (!flags.keep_uri_env && (environment("MONGODB_URI") || environment("MONGOELECTOR_URI")))
    ours.emplace_back(kUriWithheld, "1");
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    const bool secret = names(variable, "MONGODB_URI") || names(variable, "MONGOELECTOR_URI");
    const bool replaced = std::any_of(ours.begin(), ours.end(), [&](const auto& one) {
      return names(variable, one.first);
    });
    if (replaced || (secret && !flags.keep_uri_env) || variable == kQuietDriver) continue;
    plan.environment.emplace_back(variable);
  }
  for (const auto& [name, value] : ours)
    if (!value.empty()) plan.environment.push_back(name + "=" + value);
  return plan;
}

bool held_for_us(const std::string& holder_id) {
  return !holder_id.empty() &&
         environment(kAncestors).value_or("").find(holder_id) != std::string::npos;
}

bool is_me(const Holder& holder) {
  if (environment(kAncestors)) return held_for_us(holder.uuid);
  return holder.host == internal::host_name();
}

std::optional<int> deliver_signals(Signals& signals, Child& child, const Terminal& terminal) {
  std::optional<int> end;
  while (const auto signal = signals.next()) {
    if (asks_to_end(*signal)) {
      child.stop(*signal);
      if (!end) end = signal;
    } else {
      if (*signal == SIGCONT && child.pid() > 0) terminal.give(child.pid());
      child.pass_on(*signal);
    }
  }
  return end;
}

namespace {

// How soon a command that was suspended for want of the terminal gets it after a shell's `fg`.
constexpr Duration kLookForTerminal = std::chrono::milliseconds(200);

bool lacks_terminal(const Child& child) {
  const int by = child.suspended_by().value_or(0);
  return by == SIGTTIN || by == SIGTTOU;
}

void attend_to_suspended(Child& child, Terminal& terminal, Output& out) {
  const bool newly = child.newly_suspended();
  const bool wants_terminal = lacks_terminal(child);
  // Asked at each look: no signal tells that a shell has brought us to the foreground.
  if (wants_terminal && terminal.lend(child.pid())) {
    child.pass_on(SIGCONT);
    return;
  }
  if (!newly) return;
  terminal.take_back(child.pid());
  out.note(fmt::format("pid {} is suspended{}, the lease is renewed all the same; {}kill -CONT {} "
                       "goes on, Ctrl-C ends it",
                       child.pid(), wants_terminal ? " until it gets the terminal" : "",
                       wants_terminal ? "fg or " : "", getpid()));
}

}  // namespace

void look_at(Child& child, Terminal& terminal, Output& out) {
  child.look();
  if (child.out_of_reach()) {
    out.warn(fmt::format(
        "pid {} or what it started cannot be stopped from here: it runs as another user, "
        "who may not be signalled; the lease is renewed until it ends by itself, and if the lease "
        "is lost before, it runs on beside whoever gets it",
        child.pid()));
  }
  if (!child.exit_code()) attend_to_suspended(child, terminal, out);
  if (!child.exit_code()) return;
  terminal.reclaim(child.pid());
  if (!child.obstacle().empty()) out.note(child.obstacle());
  if (child.escaped()) {
    out.warn(fmt::format("pid {} left the command's process group (setsid) and lives on, "
                         "whoever leads; only a control group (systemd) holds such processes",
                         *child.escaped()));
  }
}

Instant next_look(const Child& child, const StopBudget& budget, Instant now) {
  Instant next = now + (lacks_terminal(child) ? std::min(budget.ttl / 10, kLookForTerminal)
                                              : budget.ttl / 10);
  for (const Instant due : {child.covered_until(), child.kill_at()})
    if (due > now) next = std::min(next, due);
  return next;
}

std::string stopping_text(const Child& child, const StopBudget& budget, Instant now) {
  // Before its deadline a lease ends only because somebody removed it.
  return fmt::format("{}; stopping pid {} (TERM, KILL in {})",
                     now < child.covered_until() ? "the lease was taken away at the store"
                                                 : "lease can no longer be proven",
                     child.pid(), internal::show_duration(budget.grace));
}

std::string stopped_text(const Child& child, const StopBudget& budget, Instant now) {
  std::string text =
      fmt::format("stopped in {:.1f}s", internal::seconds(now - child.stop_at()));
  const Duration left = child.covered_until() + budget.margin - now;
  if (child.stop_at() >= child.covered_until())
    text += fmt::format(", {:.1f}s before the lease ended", internal::seconds(left));
  return text;
}

}  // namespace mongoelector::cli
