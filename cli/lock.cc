// lock NAME -- COMMAND...: run a command while holding a lock.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "cli/command.h"
#include "cli/hold.h"
#include "cli/progress.h"
#include "cli/records.h"

namespace mongoelector::cli {

namespace {

enum class OnLost { kill, warn };

struct LockFlags {
  std::string name;
  bool nonblock = false;
  std::optional<Duration> wait;
  int conflict_code = static_cast<int>(Exit::busy);
  OnLost on_lost = OnLost::kill;
  bool quiet_wait = false;
  bool allow_nested = false;
  HoldFlags hold;

  bool waits() const { return !nonblock && wait != Duration::zero(); }
};

// From the first attempt to having the lock.
class Waiting {
 public:
  Waiting(const LockFlags& flags, Context& context, Hold& hold)
      : flags_(flags), context_(context), hold_(hold), began_(hold.clock().now()) {}

  // An exit code if there is no waiting any longer.
  std::optional<int> run() {
    try {
      const auto signal = acquire();
      if (signal) return 128 + *signal;
      return std::nullopt;
    } catch (const AcquireTimeout& error) {
      if (error.outcome() != Outcome::held) throw;
      return refuse(error.what(), error.record());
    } catch (const LockExists& error) {
      return refuse(show_key() + " is " + in_the_way(error.record(), "since {} ago"),
                    error.record());
    }
  }

 private:
  std::string show_key() const { return internal::show_key(hold_.locker().key()); }

  // "held by batch-1 (pid 977) since 12m ago, lease ends in 31s"
  std::string in_the_way(const Record& record, fmt::format_string<std::string> since) const {
    const Holder& holder = record.holder;
    const std::string& name = holder.label.empty() ? holder.host : holder.label;
    std::string text = fmt::format("held by {} (pid {})", shown(name), holder.pid);
    const auto held =
        std::chrono::floor<std::chrono::seconds>(hold_.clock().wall() - record.created_at);
    text += " " + fmt::format(since, internal::show_duration(std::max<Duration>(held, Duration{})));
    if (record.remaining > Duration::zero())
      text += ", lease ends in " + internal::show_duration(record.remaining);
    return text;
  }

  int refuse(const std::string& why, const std::optional<Record>& record) {
    hold_.report().because("busy");
    const bool known = record && !record->holder.uuid.empty();
    context_.out.fail({Exit::busy, why, {}, known ? holder_json(record->holder) : Json(nullptr)});
    return flags_.conflict_code;
  }

  std::optional<int> acquire() {
    std::string why;
    try {
      return flags_.waits() ? hold_.acquire({.blocking = false}) : hold_.acquire_at_once();
    } catch (const LockExists& error) {
      if (!flags_.allow_nested && held_for_us(error.record().holder.uuid)) {
        throw Failure(Exit::usage,
                      show_key() + " is held for this very command; waiting would never end",
                      "--allow-nested waits all the same");
      }
      if (!flags_.waits()) throw;
      why = in_the_way(error.record(), "for {}");
    } catch (const StoreError& error) {
      if (!flags_.waits() || error.outcome() == Outcome::denied ||
          error.outcome() == Outcome::damaged)
        throw;
      why = error.what();
    }
    return wait(why);
  }

  std::optional<int> wait(const std::string& why) {
    std::optional<Progress> progress;
    const auto so_far = [&] { return hold_.clock().now() - began_; };
    Meanwhile meanwhile;
    if (!flags_.quiet_wait) {
      const std::string what = "waiting for " + show_key();
      progress.emplace(context_.out, what + ": " + why);
      if (progress->changes()) {
        meanwhile.what = [&progress, what, why, so_far] {
          progress->update(what + " since " + internal::show_duration(so_far()) + ": " + why);
        };
      }
    }
    std::optional<Duration> left = flags_.wait;
    if (left) *left = std::max(*left - so_far(), Duration::zero());
    const auto signal = hold_.acquire({.timeout = left}, meanwhile);
    progress.reset();
    if (!signal && !flags_.quiet_wait) {
      context_.out.note(fmt::format("acquired {} after {:.1f}s, token {}", show_key(),
                                    internal::seconds(so_far()),
                                    to_string(hold_.locker().token())));
    }
    return signal;
  }

  const LockFlags& flags_;
  Context& context_;
  Hold& hold_;
  const Instant began_;
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
                   "Exit code: the command's own, 128+N if signal N ended it, or ours.\n"
                   "When --wait is over: 75 if somebody held the lock at the last look, 69 if\n"
                   "the store did not answer it. --timeout bounds the first contact with the\n"
                   "store, and with -n the attempt: 69. Once there was contact, who waits waits\n"
                   "through times without a store too.\n",
        .starts_a_command = true};
    return kAbout;
  }

  void add_flags(Flags& flags) override {
    flags.add_option("NAME", flags_.name, "the lock's name");
    flags.add_flag("-n,--nonblock", flags_.nonblock, "do not wait");
    add_duration(flags, "-w,--wait", flags_.wait, "longest wait; default: for ever; 0 is -n");
    flags.add_option("-E,--conflict-exit-code", flags_.conflict_code,
                     "exit code if the lock is not to be had; default 75")
        .type_name("N")
        .range(0, 255);
    add_duration(flags, "--at-least", flags_.hold.at_least,
                 "keep the lock this long, even if the command is quick");
    flags_.hold.add_max_hold(flags);
    add_choice<OnLost>(
        flags, "--on-lost", flags_.on_lost, {{"kill", OnLost::kill}, {"warn", OnLost::warn}},
        "kill: stop the command when the lease is lost (default); warn: only say so");
    flags_.hold.add_script(flags);
    flags.add_flag("--quiet-wait", flags_.quiet_wait, "say nothing about waiting");
    flags.add_flag("--allow-nested", flags_.allow_nested,
                   "wait even for a lock that is held for us");
    report_.add_flag(flags);
    flags_.hold.supervision.add(flags);
  }

  int run(Context& context) override {
    if (flags_.name.empty())
      throw Failure(Exit::usage, "lock needs a NAME", "see: mongoelector help lock");
    const Key key = Key::lock(flags_.name);
    return report_.around(context, about().name, key, [&] { return run_under(context, key); });
  }

 private:
  int run_under(Context& context, const Key& key) {
    const auto command = flags_.hold.command_of(
        context, "lock NAME -- COMMAND...; acquire NAME takes it without one");
    flags_.hold.warn_only = flags_.on_lost == OnLost::warn;
    flags_.hold.supervision.check();
    if (flags_.nonblock && flags_.wait.value_or(Duration::zero()) != Duration::zero())
      throw Failure(Exit::usage, "--nonblock and --wait contradict each other");
    Hold hold(flags_.hold, context, report_, key);
    if (const auto code = Waiting(flags_, context, hold).run()) return *code;
    const int code = hold.run(command);
    hold.locker().release();
    return code;
  }

  LockFlags flags_;
  Report report_;
};

}  // namespace

std::unique_ptr<Command> make_lock() { return std::make_unique<LockCommand>(); }

}  // namespace mongoelector::cli
