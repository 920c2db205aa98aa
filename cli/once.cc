// once NAME --per DUR -- COMMAND...: at most one start in each window of time, over all hosts.
#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/hold.h"
#include "cli/window.h"
#include "mongoelector/error.h"

namespace mongoelector::cli {

namespace {

constexpr Duration kShortestWindow = std::chrono::seconds(1);
constexpr Duration kLongestWindow = std::chrono::hours(24 * 3660);

struct OnceFlags {
  std::string name;
  std::optional<Duration> per;
  bool align = false;
  bool retry_failed = false;
  int busy_code = 0;
  HoldFlags hold;
};

class OnceCommand : public Command {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "once",
        .group = "Run something safely",
        .summary = "start a command at most once in each window of time, over all hosts",
        .usage = "NAME --per DUR [flags] -- COMMAND...",
        .examples = {{"mongoelector once report --per 1d -- ./report.sh", "in cron, on each host"},
                     {"mongoelector once tick --per 1h --align -- ./tick.sh",
                      "once in each hour of the clock"}},
        .details = "Whoever comes second in a window exits with 0 and starts nothing. The store's\n"
                   "clock decides. The command holds lock NAME too, and is stopped as by `lock`.\n"
                   "If the store does not confirm that the window is ours, nothing is started.\n"
                   "--timeout bounds each of the first contact with the store, the look at the\n"
                   "window, the attempt to get the lock and that to take the window (without it:\n"
                   "10s): 69.\n",
        .starts_a_command = true};
    return kAbout;
  }

  void add_flags(Flags& flags) override {
    flags.add_option("NAME", flags_.name, "what is to be done once");
    add_duration(flags, "--per", flags_.per, "how long a window is, from the start in it");
    flags.add_flag("--align", flags_.align,
                   "count windows from 1970: --per 1h is the clock's hour");
    flags.add_flag("--retry-failed", flags_.retry_failed,
                   "if the command fails, somebody else may start it in the same window");
    flags.add_option("--busy-code", flags_.busy_code,
                     "exit code if somebody else did it, or does it; default 0")
        .type_name("N")
        .range(0, 255);
    flags_.hold.add_max_hold(flags);
    flags_.hold.add_script(flags);
    report_.add_flag(flags);
    flags_.hold.supervision.add(flags);
  }

  int run(Context& context) override {
    if (flags_.name.empty())
      throw Failure(Exit::usage, "once needs a NAME", "see: mongoelector help once");
    const Key key = Key::lock(flags_.name);
    return report_.around(context, about().name, key, [&] { return run_under(context, key); });
  }

 private:
  int run_under(Context& context, const Key& key) {
    const auto command = flags_.hold.command_of(context, "once NAME --per DUR -- COMMAND...");
    flags_.hold.supervision.check();
    if (!flags_.per) throw Failure(Exit::usage, "once needs --per: how long a window is");
    if (*flags_.per < kShortestWindow || *flags_.per > kLongestWindow)
      throw Failure(Exit::usage, "--per may be 1s to 3660d");
    Hold hold(flags_.hold, context, report_, key);
    Window window(hold.session().store(), flags_.name, *flags_.per, flags_.align);
    // First without the lock: who only looks must not be in the way of who will start it.
    if (const auto taken = look(context, hold, window)) return not_due(context, describe(*taken));
    try {
      if (const auto signal = hold.acquire_at_once()) return 128 + *signal;
    } catch (const LockExists& error) {
      return not_due(context, "runs at " + shown(error.record().holder.host));
    }
    const int code = start(context, hold, window, command);
    hold.locker().release();
    return code;
  }

  std::optional<Window::Taken> look(Context& context, Hold& hold, const Window& window) {
    if (!hold.session().store().shared()) return window.look();
    std::optional<Window::Taken> taken;
    ask_store(context, hold.signals(), report_, [&] { taken = window.look(); });
    return taken;
  }

  // Whoever has taken it before. Signals wait for the answer: the window must not be ours without
  // our knowing.
  std::optional<Window::Taken> take(Context& context, Hold& hold, Window& window) {
    const std::string us =
        holder_name(flags_.hold.supervision.label, hold.locker().status().uuid);
    if (!hold.session().store().shared()) return window.take(us);
    std::optional<Window::Taken> taken;
    run_to_its_end([&] { taken = window.take(us); },
                   limit(context, report_,
                         "; nothing was started, but the window may be taken, and the lock held "
                         "for one ttl, all the same",
                         kDefaultTimeout));
    return taken;
  }

  int start(Context& context, Hold& hold, Window& window,
            const std::vector<std::string>& command) {
    const auto taken = take(context, hold, window);
    if (const auto signal = hold.signals().next_to_end()) {
      if (!taken) give_back(context, window);
      report_.because("interrupted");
      return 128 + *signal;
    }
    if (taken) return not_due(context, describe(*taken));
    const int code = hold.run(command);
    // What has not even begun has not been done: another host may have the command.
    if (hold.child_ran() && (code == 0 || !flags_.retry_failed)) return code;
    give_back(context, window);
    return code;
  }

  static void give_back(Context& context, Window& window) {
    try {
      window.give_back();
    } catch (const StoreError& error) {
      context.out.note(std::string("nobody else will try in this window: ") + error.what());
    }
  }

  static std::string describe(const Window::Taken& taken) {
    return fmt::format("was started by {}; not again before {}", shown(taken.by),
                       internal::rfc3339(taken.until));
  }

  int not_due(Context& context, const std::string& why) {
    context.out.detail(internal::quoted(flags_.name) + " " + why);
    report_.because("not_due");
    return flags_.busy_code;
  }

  OnceFlags flags_;
  Report report_;
};

}  // namespace

std::unique_ptr<Command> make_once() { return std::make_unique<OnceCommand>(); }

}  // namespace mongoelector::cli
