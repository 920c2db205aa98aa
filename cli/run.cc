// run ELECTION -- COMMAND...: stay a candidate, run the command only while leading.
#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "cli/candidate.h"
#include "cli/command.h"
#include "cli/election.h"

namespace mongoelector::cli {

namespace {

// Library reports that whoever watches a candidate wants to see; each once while it stays the same.
class Reports {
 public:
  explicit Reports(Output& out) : out_(out) {}
  void operator()(const Event& event) {
    switch (event.kind) {
      case EventKind::renewal_failed:
      case EventKind::release_failed:
      case EventKind::store_trouble:
      case EventKind::store_warning:
      case EventKind::damaged_record:
      case EventKind::time_offset:
        if (std::exchange(last_, event.message) != event.message) out_.note(event.message);
        return;
      default:
        last_.clear();
        out_.detail(fmt::format("{}: {}", to_string(event.kind), event.message));
    }
  }

 private:
  Output& out_;
  std::string last_;
};

class RunCommand : public Command {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "run",
        .group = "Run something safely",
        .summary = "run a command only while leading an election",
        .usage = "ELECTION [flags] -- COMMAND...",
        .examples = {{"mongoelector run billing -- worker --queue billing", "one of many hosts"},
                     {"mongoelector run billing", "campaign, print each change of role"}},
        .details = "The command gets TERM, then KILL, in time to be gone before the lease ends.\n"
                   "TERM stops the command, hands over at once and exits with 0.\n"
                   "Without COMMAND it ends as well, with 141, when nobody reads stdout any more.\n"
                   "--timeout bounds the first contact with the store (69), nothing after it.\n",
        .starts_a_command = true};
    return kAbout;
  }

  void add_flags(Flags& flags) override {
    flags.add_option("ELECTION", flags_.name, "the election's name");
    flags_.restart.add(flags);
    flags_.health.add(flags);
    flags_.hooks.add(flags);
    flags.add_option("--role-file", flags_.role_file,
                     "keep a JSON file that says leader, standby or unknown")
        .type_name("PATH");
    flags.add_option("--priority", flags_.priority,
                     "-10 to 0; at -2 others go first for two fifths of the ttl; default 0")
        .type_name("N");
    report_.add_flag(flags);
    flags_.supervision.add(flags);
  }

  int run(Context& context) override {
    if (flags_.name.empty())
      throw Failure(Exit::usage, "run needs an ELECTION", "see: mongoelector help run");
    const Key key = Key::election(flags_.name);
    return report_.around(context, about().name, key, [&] { return run_under(context, key); });
  }

 private:
  int run_under(Context& context, const Key& key) {
    flags_.supervision.check();
    check_priority();
    Notifier notifier;
    Signals signals;
    const Connection connection =
        open_supervised(context, choose_store(context.globals, false), signals, report_,
                        {.on_event = Reports(context.out)});
    const auto& session = connection.session;
    const StopBudget budget(flags_.supervision, session->store().shared());
    Leadership leadership(session->clock());
    std::optional<MongoElector> elector;
    try {
      elector.emplace(session, key.name(), options(budget, leadership));
    } catch (const ArgumentError& error) {
      throw budget.refusal(error.what(), session->store().shared());
    }
    introduce(context, connection, budget, *elector);
    return Candidate({.flags = flags_,
                      .context = context,
                      .session = *session,
                      .signals = signals,
                      .budget = budget,
                      .report = report_,
                      .notifier = notifier,
                      .elector = *elector,
                      .leadership = leadership})
        .run();
  }

  void check_priority() const {
    if (flags_.priority >= kLowestPriority && flags_.priority <= 0) return;
    throw Failure(Exit::usage,
                  fmt::format("--priority {} is not between {} and 0", flags_.priority,
                              kLowestPriority),
                  "0 goes first: give the others a lower one");
  }

  ElectorOptions options(const StopBudget& budget, Leadership& leadership) const {
    return {.ttl = budget.ttl,
            .onmaster = [&](const Term& term) { leadership.onmaster(term); },
            .onmasterloss = [&](const Term&) { leadership.onmasterloss(); },
            .onloop = [&] { leadership.onloop(); },
            .priority = flags_.priority,
            .label = flags_.supervision.label,
            .note = flags_.supervision.note,
            .loss_callback_within = budget.grace + budget.ttl,
            .timing = {.margin = budget.margin}};
  }

  static void introduce(Context& context, const Connection& connection, const StopBudget& budget,
                        const MongoElector& elector) {
    const NodeStatus us = elector.node_status();
    const bool shared = connection.session->store().shared();
    context.out.note(fmt::format("candidate {} in {}; store {}", holder_name(us.label, us.uuid),
                                 internal::show_key(elector.key()), connection.uri));
    // As far as it is for us to take over.
    const Duration delay = yields_for(budget.ttl, us.priority);
    const auto within = [](Duration time) { return "within " + internal::show_duration(time); };
    const std::string soon = delay == Duration::zero() ? "at once" : within(delay);
    context.out.note(fmt::format(
        "lease {}, renewed every {}; a crash is taken over {}, a clean stop {}",
        internal::show_duration(budget.ttl), internal::show_duration(budget.ttl / 5),
        shared ? within(takeover_bound(budget.ttl) + delay) : soon, soon));
  }

  RunFlags flags_;
  Report report_;
};

}  // namespace

std::unique_ptr<Command> make_run() { return std::make_unique<RunCommand>(); }

}  // namespace mongoelector::cli
