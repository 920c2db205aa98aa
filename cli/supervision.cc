#include "cli/supervision.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "base/host.h"
#include "base/text.h"
#include "cli/interruptible.h"
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

Connection open_supervised(Context& context, Signals& signals, Report& report,
                           ConnectOptions options) {
  StoreChoice choice = choose_store(context.globals, false);
  // The embedded store answers in no time, and threads take some.
  if (!choice.on_a_server()) return open_connection(context, choice, std::move(options));
  add_password(context, choice);
  Connection connection;
  run_interruptible(
      signals, [&] { connection = open_connection(context, choice, std::move(options)); },
      [&](int signal) {
        report.interrupted(signal);
        _exit(128 + signal);
      });
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
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    const bool secret = names(variable, "MONGODB_URI") || names(variable, "MONGOELECTOR_URI");
    const bool replaced = std::any_of(ours.begin(), ours.end(), [&](const auto& one) {
      return names(variable, one.first);
    });
    if (replaced || (secret && !flags.keep_uri_env)) continue;
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

void look_at(Child& child, const Terminal& terminal, Output& out) {
  child.look();
  if (child.suspended() && terminal.fd() >= 0 && !child.exit_code()) {
    terminal.take_back(child.pid());
    out.note(fmt::format(
        "pid {} is suspended, the lease is renewed all the same; kill -CONT {} goes on, Ctrl-C "
        "ends it",
        child.pid(), getpid()));
  }
  if (!child.exit_code()) return;
  terminal.take_back(child.pid());
  if (!child.obstacle().empty()) out.note(child.obstacle());
  if (child.escaped()) {
    out.warn(fmt::format("pid {} left the command's process group (setsid) and lives on, "
                         "whoever leads; only a control group (systemd) holds such processes",
                         *child.escaped()));
  }
}

Instant next_look(const Child& child, const StopBudget& budget, Instant now) {
  const Instant regular = now + budget.ttl / 10;
  return child.covered_until() > now ? std::min(regular, child.covered_until()) : regular;
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
