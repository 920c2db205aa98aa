// lock NAME -- COMMAND...: run a command while holding a lock.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/poll.h"
#include "base/text.h"
#include "cli/child.h"
#include "cli/command.h"
#include "cli/interruptible.h"
#include "cli/session.h"
#include "cli/supervision.h"
#include "cli/terminal.h"
#include "cli/wake.h"
#include "mongoelector/locker.h"

namespace mongoelector::cli {

namespace {

enum class OnLost { kill, warn };

struct LockFlags {
  std::string name;
  bool nonblock = false;
  std::optional<Duration> wait;
  int conflict_code = static_cast<int>(Exit::busy);
  OnLost on_lost = OnLost::kill;
  std::string script;
  bool quiet_wait = false;
  bool allow_nested = false;
  SupervisionFlags supervision;
};

// One lock, from waiting for it to the end of the command.
class LockRun {
 public:
  LockRun(const LockFlags& flags, Context& context, Session& session, MongoLocker& locker,
          const StopBudget& budget, Signals& signals)
      : flags_(flags),
        context_(context),
        clock_(session.clock()),
        locker_(locker),
        budget_(budget),
        signals_(signals) {}

  int run(const std::vector<std::string>& command) {
    try {
      if (const auto signal = acquire_or_wait()) return 128 + *signal;
    } catch (const AcquireTimeout& error) {
      return refuse(error.what());
    } catch (const LockExists& error) {
      return refuse(show_key() + " is " + in_the_way(error.record(), "since {} ago"));
    }
    const int code = supervise(command);
    locker_.release();
    return code;
  }

 private:
  std::string show_key() const { return internal::show_key(locker_.key()); }

  // "held by batch-1 (pid 977) since 12m ago, lease ends in 31s"
  std::string in_the_way(const Record& record, fmt::format_string<std::string> since) const {
    const Holder& holder = record.holder;
    const std::string& name = holder.label.empty() ? holder.host : holder.label;
    std::string text = fmt::format("held by {} (pid {})", shown(name), holder.pid);
    const auto held = std::chrono::floor<std::chrono::seconds>(clock_.wall() - record.created_at);
    text += " " + fmt::format(since, internal::show_duration(std::max<Duration>(held, Duration{})));
    if (record.remaining > Duration::zero())
      text += ", lease ends in " + internal::show_duration(record.remaining);
    return text;
  }

  int refuse(const std::string& why) {
    context_.out.fail({Exit::busy, why});
    return flags_.conflict_code;
  }

  bool waits() const { return !flags_.nonblock && flags_.wait != Duration::zero(); }

  void say_waiting(const std::string& why) {
    if (!flags_.quiet_wait) context_.out.note("waiting for " + show_key() + ": " + why);
  }

  // The signal that ended the waiting: then no record is left behind.
  std::optional<int> acquire(AcquireOptions options) {
    std::stop_source cancel;
    options.cancel = cancel.get_token();
    const auto signal = run_interruptible(
        signals_, [&] { locker_.acquire(options); }, [&](int) { cancel.request_stop(); });
    if (signal) locker_.release();  // it may have been just too late
    return signal;
  }

  std::optional<int> acquire_or_wait() {
    const Instant began = clock_.now();
    try {
      return acquire({.blocking = false});
    } catch (const LockExists& error) {
      if (!flags_.allow_nested && held_for_us(error.record().holder.uuid)) {
        throw Failure(Exit::usage,
                      show_key() + " is held for this very command; waiting would never end",
                      "--allow-nested waits all the same");
      }
      if (!waits()) throw;
      say_waiting(in_the_way(error.record(), "for {}"));
    } catch (const StoreError& error) {
      if (!waits() || error.outcome() == Outcome::denied || error.outcome() == Outcome::damaged)
        throw;
      say_waiting(error.what());
    }
    std::optional<Duration> left = flags_.wait;
    if (left) *left = std::max(*left - (clock_.now() - began), Duration::zero());
    const auto signal = acquire({.timeout = left});
    if (!signal && !flags_.quiet_wait) {
      context_.out.note(fmt::format("acquired {} after {:.1f}s, token {}", show_key(),
                                    internal::seconds(clock_.now() - began),
                                    to_string(locker_.token())));
    }
    return signal;
  }

  int supervise(const std::vector<std::string>& command) {
    Wake lost;
    const std::stop_callback on_loss(locker_.stop_token(), [&] { lost.notify(); });
    const Terminal terminal;
    ChildPlan plan = plan_child(command, flags_.supervision, signals_,
                                {.key = locker_.key(),
                                 .holder_id = locker_.status().uuid,
                                 .label = flags_.supervision.label,
                                 .token = locker_.token(),
                                 .ttl = budget_.ttl});
    plan.terminal = terminal.fd();
    if (flags_.on_lost == OnLost::kill) plan.covered_until = clock_.now() + locker_.remaining();
    Child child(plan, clock_, budget_.grace);
    look_at_lease(child);
    while (!child.exit_code()) {
      std::array<pollfd, 3> watched{{{.fd = child.fd(), .events = POLLIN},
                                     {.fd = signals_.fd(), .events = POLLIN},
                                     {.fd = lost.fd(), .events = POLLIN}}};
      internal::poll_until(clock_, watched, next_look(child, budget_, clock_.now()));
      lost.clear();
      deliver_signals(signals_, child);
      // First the lease: a command that was killed because we were late has not ended by itself.
      look_at_lease(child);
      child.look();
    }
    terminal.take_back(child.pid());
    return finish(child);
  }

  void look_at_lease(Child& child) {
    const Instant now = clock_.now();
    const Duration remaining = locker_.remaining();
    if (flags_.on_lost == OnLost::kill && remaining > Duration::zero())
      child.covered_until(now + remaining);
    if (remaining > Duration::zero() || std::exchange(lost_, true)) return;
    if (flags_.on_lost == OnLost::warn) {
      context_.out.note(show_key() + " is lost; the command goes on without it (--on-lost warn)");
      return;
    }
    child.lease_lost();
    context_.out.note(stopping_text(child, budget_, now));
  }

  int finish(const Child& child) {
    if (!child.obstacle().empty()) context_.out.note(child.obstacle());
    if (!lost_ || flags_.on_lost == OnLost::warn) return *child.exit_code();
    context_.out.note(stopped_text(child, budget_, clock_.now()));
    return static_cast<int>(Exit::lease_lost);
  }

  const LockFlags& flags_;
  Context& context_;
  Clock& clock_;
  MongoLocker& locker_;
  const StopBudget& budget_;
  Signals& signals_;
  bool lost_ = false;
};

class LockCommand : public Command {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "lock",
        .group = "Run something safely",
        .summary = "run a command while holding a lock",
        .usage = "NAME [flags] -- COMMAND...",
        .examples = {{"mongoelector lock nightly -- ./report.sh", "wait for it, then run"},
                     {"mongoelector lock nightly -n -- ./report.sh", "75 at once if it is held"},
                     {"mongoelector lock nightly -w 30s -c 'a && b'", "wait 30s; a line for sh"}},
        .details = "The command gets TERM, then KILL, in time to be gone before the lease ends.\n"
                   "Exit code: the command's own, 128+N if signal N ended it, or ours.\n",
        .starts_a_command = true};
    return kAbout;
  }

  void add_flags(CLI::App& app) override {
    app.add_option("NAME", flags_.name, "the lock's name");
    app.add_flag("-n,--nonblock", flags_.nonblock, "do not wait");
    add_duration(app, "-w,--wait", flags_.wait, "longest wait; default: for ever; 0 is -n");
    app.add_option("-E,--conflict-exit-code", flags_.conflict_code,
                   "exit code if the lock is not to be had; default 75")
        ->type_name("N")
        ->check(CLI::Range(0, 255));
    add_choice<OnLost>(
        app, "--on-lost", flags_.on_lost, {{"kill", OnLost::kill}, {"warn", OnLost::warn}},
        "kill: stop the command when the lease is lost (default); warn: only say so");
    app.add_option("-c", flags_.script, "a line for sh instead of COMMAND")->type_name("STRING");
    app.add_flag("--quiet-wait", flags_.quiet_wait, "say nothing about waiting");
    app.add_flag("--allow-nested", flags_.allow_nested,
                 "wait even for a lock that is held for us");
    flags_.supervision.add(app);
  }

  int run(Context& context) override {
    const std::vector<std::string> command = command_of(context);
    const Key key = Key::lock(flags_.name);
    flags_.supervision.check();
    if (flags_.nonblock && flags_.wait.value_or(Duration::zero()) != Duration::zero())
      throw Failure(Exit::usage, "--nonblock and --wait contradict each other");
    Signals signals;
    const auto session = open_supervised(context, signals).session;
    const bool shared = session->store().shared();
    const StopBudget budget(flags_.supervision, shared);
    std::optional<MongoLocker> locker;
    try {
      locker.emplace(session, key.name(),
                     LockerOptions{.ttl = budget.ttl,
                                   .label = flags_.supervision.label,
                                   .note = flags_.supervision.note,
                                   .timing = {.margin = budget.margin}});
    } catch (const ArgumentError& error) {
      throw budget.refusal(error.what(), shared);
    }
    return LockRun(flags_, context, *session, *locker, budget, signals).run(command);
  }

 private:
  std::vector<std::string> command_of(const Context& context) const {
    if (flags_.name.empty())
      throw Failure(Exit::usage, "lock needs a NAME", "see: mongoelector help lock");
    if (context.command.empty() && flags_.script.empty()) {
      throw Failure(Exit::usage, "lock needs a COMMAND to run while it holds the lock",
                    "write: mongoelector lock NAME -- COMMAND...");
    }
    if (flags_.script.empty()) return context.command;
    if (!context.command.empty())
      throw Failure(Exit::usage, "-c and a COMMAND contradict each other");
    return {"/bin/sh", "-c", flags_.script};
  }

  LockFlags flags_;
};

}  // namespace

std::unique_ptr<Command> make_lock() { return std::make_unique<LockCommand>(); }

}  // namespace mongoelector::cli
