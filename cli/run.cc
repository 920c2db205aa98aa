// run ELECTION -- COMMAND...: stay a candidate, run the command only while leading.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/poll.h"
#include "base/text.h"
#include "cli/child.h"
#include "cli/command.h"
#include "cli/leadership.h"
#include "cli/session.h"
#include "cli/supervision.h"
#include "cli/terminal.h"
#include "cli/wake.h"
#include "mongoelector/elector.h"

namespace mongoelector::cli {

namespace {

constexpr Duration kLongestRestartDelay = std::chrono::seconds(60);

enum class Restart { no, on_failure, always };

struct RunFlags {
  std::string name;
  Restart restart = Restart::no;
  Duration restart_delay = std::chrono::seconds(1);
  SupervisionFlags supervision;
};

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

// One candidate, from its start to its end.
class Candidate {
 public:
  Candidate(const RunFlags& flags, Context& context, Session& session, Signals& signals,
            const StopBudget& budget, MongoElector& elector, Leadership& leadership)
      : flags_(flags),
        context_(context),
        session_(session),
        clock_(session.clock()),
        signals_(signals),
        budget_(budget),
        elector_(elector),
        leadership_(leadership),
        holder_id_(elector.node_status().uuid) {}
  Candidate(const Candidate&) = delete;
  Candidate& operator=(const Candidate&) = delete;

  ~Candidate() {
    // Also when something was thrown: onmasterloss must not wait for work that is gone.
    child_.reset();
    leadership_.end_work();
  }

  int run() {
    elector_.start();
    while (!exit_code_) {
      if (!child_) look_around();
      wait();
      answer_signals();
      if (!child_) continue;
      // First the lease: a command that was killed because we were late has not ended by itself.
      look_at_lease();
      look_at_child();
    }
    elector_.stop();
    return *exit_code_;
  }

 private:
  // ---- while the command runs ----

  void look_at_lease() {
    const Instant now = clock_.now();
    const Duration remaining = term_->remaining();
    if (remaining > Duration::zero()) {
      child_->covered_until(now + remaining);
    } else if (!std::exchange(lost_, true)) {
      child_->lease_lost();
      context_.out.note(stopping_text(*child_, budget_, now));
    }
  }

  void look_at_child() {
    child_->look();
    if (!child_->exit_code()) return;
    const int code = *child_->exit_code();
    terminal_.take_back(child_->pid());
    if (!child_->obstacle().empty()) context_.out.note(child_->obstacle());
    if (child_->stopping()) {
      context_.out.note(stopped_text(*child_, budget_, clock_.now()) +
                        (stop_signal_ ? "" : "; standby"));
    } else {
      context_.out.note(fmt::format("pid {} ended with code {}", child_->pid(), code));
    }
    const bool ended_by_itself = !child_->stopping();
    child_.reset();
    leadership_.end_work();
    if (stop_signal_) {
      exit_code_ = *stop_signal_ == SIGTERM ? 0 : code;
    } else if (ended_by_itself) {
      restart_or_end(code);
    }
  }

  void restart_or_end(int code) {
    const bool again = flags_.restart == Restart::always ||
                       (flags_.restart == Restart::on_failure && code != 0);
    if (!again) {
      exit_code_ = code;
      return;
    }
    context_.out.note("starting again in " + internal::show_duration(restart_delay_));
    start_at_ = clock_.now() + restart_delay_;
    restart_delay_ = std::min(restart_delay_ * 2, kLongestRestartDelay);
  }

  // ---- while it does not ----

  void look_around() {
    const bool looked = leadership_.looked();
    const std::optional<Term> term = leadership_.term();
    if (!term) {
      if (std::exchange(term_, std::nullopt) && context_.command.empty()) say("no longer leader");
      if (looked) name_leader();
      return;
    }
    if (!term_ || term_->token() != term->token()) {
      term_ = term;
      leader_.clear();
      restart_delay_ = flags_.restart_delay;
      start_at_ = clock_.now();
      if (context_.command.empty()) say("elected, token " + to_string(term->token()));
    }
    if (!context_.command.empty() && clock_.now() >= start_at_ && leadership_.begin_work())
      start_command();
  }

  void start_command() {
    lost_ = false;
    ChildPlan plan = plan_child(context_.command, flags_.supervision, signals_,
                                {.key = elector_.key(),
                                 .holder_id = holder_id_,
                                 .label = flags_.supervision.label,
                                 .token = term_->token(),
                                 .ttl = budget_.ttl});
    plan.terminal = terminal_.fd();
    context_.out.note(fmt::format("elected, token {}; starting: {}", to_string(term_->token()),
                                  fmt::join(context_.command, " ")));
    plan.covered_until = clock_.now() + term_->remaining();
    child_.emplace(plan, clock_, budget_.grace);
    look_at_lease();
  }

  // Says who leads, when that has changed.
  void name_leader() {
    const ReadReply reply = session_.store().read(elector_.key());
    if (reply.outcome != Outcome::granted || !reply.record || reply.record->claimable) return;
    const Holder& holder = reply.record->holder;
    if (holder.uuid == holder_id_ || std::exchange(leader_, holder.uuid) == holder.uuid) return;
    const auto since =
        std::chrono::floor<std::chrono::seconds>(clock_.wall() - reply.record->created_at);
    say(fmt::format("standby; leader is {} (since {})",
                    shown(holder.label.empty() ? holder.host : holder.label),
                    internal::show_duration(std::max<Duration>(since, Duration::zero()))));
  }

  // Without a command the role is the answer; with one, stdout is the command's.
  void say(const std::string& line) {
    if (context_.command.empty()) {
      context_.out.answer(line + "\n");
    } else {
      context_.out.note(line);
    }
  }

  // ---- both ----

  void wait() {
    const Instant now = clock_.now();
    Instant until = Instant::max();
    if (child_) {
      until = next_look(*child_, budget_, now);
    } else if (term_ && start_at_ > now) {
      until = start_at_;
    }
    std::array<pollfd, 3> watched{{{.fd = leadership_.fd(), .events = POLLIN},
                                   {.fd = signals_.fd(), .events = POLLIN},
                                   {.fd = child_ ? child_->fd() : -1, .events = POLLIN}}};
    internal::poll_until(clock_, watched, until);
    leadership_.clear();
  }

  void answer_signals() {
    if (child_) {
      if (const auto signal = deliver_signals(signals_, *child_); signal && !stop_signal_)
        stop_signal_ = signal;
      return;
    }
    while (const auto signal = signals_.next()) {
      if (!asks_to_end(*signal)) continue;
      exit_code_ = *signal == SIGTERM ? 0 : 128 + *signal;
    }
  }

  const RunFlags& flags_;
  Context& context_;
  Session& session_;
  Clock& clock_;
  Signals& signals_;
  const StopBudget& budget_;
  MongoElector& elector_;
  Leadership& leadership_;
  const std::string holder_id_;
  const Terminal terminal_;
  std::optional<Child> child_;
  std::optional<Term> term_;  // the one we act on
  bool lost_ = false;         // told the child already
  Instant start_at_{};
  Duration restart_delay_{};
  std::string leader_;  // named last
  std::optional<int> stop_signal_;
  std::optional<int> exit_code_;
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
                   "TERM stops the command, hands over at once and exits with 0.\n",
        .starts_a_command = true};
    return kAbout;
  }

  void add_flags(CLI::App& app) override {
    app.add_option("ELECTION", flags_.name, "the election's name");
    add_choice<Restart>(
        app, "--restart", flags_.restart,
        {{"no", Restart::no}, {"on-failure", Restart::on_failure}, {"always", Restart::always}},
        "when the command ends while leading: no (default: hand over, exit with its code), "
        "on-failure or always");
    add_duration(app, "--restart-delay", flags_.restart_delay,
                 "pause before a restart, default 1s; doubles up to 60s");
    flags_.supervision.add(app);
  }

  int run(Context& context) override {
    if (flags_.name.empty())
      throw Failure(Exit::usage, "run needs an ELECTION", "see: mongoelector help run");
    const Key key = Key::election(flags_.name);
    flags_.supervision.check();
    Signals signals;
    const Connection connection =
        open_supervised(context, signals, {.on_event = Reports(context.out)});
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
    return Candidate(flags_, context, *session, signals, budget, *elector, leadership).run();
  }

 private:
  ElectorOptions options(const StopBudget& budget, Leadership& leadership) const {
    return {.ttl = budget.ttl,
            .onmaster = [&](const Term& term) { leadership.onmaster(term); },
            .onmasterloss = [&](const Term&) { leadership.onmasterloss(); },
            .onloop = [&] { leadership.onloop(); },
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
    context.out.note(fmt::format(
        "lease {}, renewed every {}; a crash is taken over {}, a clean stop at once",
        internal::show_duration(budget.ttl), internal::show_duration(budget.ttl / 5),
        shared ? "within " + internal::show_duration(budget.ttl + budget.ttl / 5) : "at once"));
  }

  RunFlags flags_;
};

}  // namespace

std::unique_ptr<Command> make_run() { return std::make_unique<RunCommand>(); }

}  // namespace mongoelector::cli
