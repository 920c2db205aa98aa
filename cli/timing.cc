// timing: what a ttl means, before anybody relies on it. Asks no store.
#include "core/timing.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/supervision.h"
#include "mongoelector/error.h"

namespace mongoelector::cli {

namespace {

using internal::seconds;
using internal::show_duration;

struct Figures {
  bool shared;
  internal::Timing timing;
  Duration grace;

  Duration worst() const { return timing.ttl + timing.poll; }
  // The holder dies half way between two renewals, others look half way between two looks.
  Duration typical() const { return timing.ttl - timing.renew_every / 2 + timing.poll / 2; }
  double writes_per_hour() const { return 3600 / seconds(timing.renew_every); }
};

class TimingCommand : public Command {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "timing",
        .group = "Operate",
        .summary = "show what a ttl means: takeover, outage survived, writes",
        .usage = "[--ttl DUR] [--renew DUR] [--margin DUR] [--poll DUR] [--grace DUR]",
        .examples = {{"mongoelector timing --ttl 30s", "before it is set anywhere"}},
        .details =
            "For a command under `lock` or `run` the grace makes the margin; --renew, --margin\n"
            "and --poll are options of the library. The URI says which kind of store it is about;\n"
            "it is not connected to. Timings that cannot work are refused with 78.\n"};
    return kAbout;
  }

  void add_flags(Flags& flags) override {
    add_duration(flags, "--ttl", flags_.ttl, "the lease; default 30s on MongoDB, 10s on SQLite");
    add_duration(flags, "--renew", options_.renew_every,
                 "time between two renewals; default a fifth of the ttl");
    add_duration(flags, "--margin", options_.margin,
                 "how long before its end the lease is given up; default a fifth of the ttl, or "
                 "what the grace needs");
    add_duration(flags, "--poll", options_.poll,
                 "time between two looks of who waits; default a fifth of the ttl");
    add_duration(flags, "--grace", flags_.grace,
                 "time between TERM and KILL; default 4s on MongoDB, 2s on SQLite");
  }

  int run(Context& context) override {
    const bool shared = choose_store(context.globals, true).on_a_server();
    const Figures figures = resolve(shared);
    if (context.out.json())
      context.out.answer_document(json(figures));
    else
      context.out.answer(text(figures));
    return 0;
  }

 private:
  Figures resolve(bool shared) const {
    const StopBudget budget(flags_, shared);
    const Duration rest = StopBudget::after_kill(shared);
    if (options_.margin && flags_.grace && *options_.margin < *flags_.grace + rest) {
      throw Failure(Exit::config,
                    fmt::format("margin {} is shorter than grace {} + {} for a late kill",
                                show_duration(*options_.margin), show_duration(*flags_.grace),
                                show_duration(rest)));
    }
    TimingOptions options = options_;
    if (!options.margin) options.margin = budget.margin;
    try {
      const internal::Timing timing = internal::resolve_timing(
          budget.ttl, options, shared ? kSmallestTtlShared : kSmallestTtlEmbedded);
      // A margin that is set leaves what grace it leaves.
      const Duration grace = options_.margin && !flags_.grace
                                 ? std::max(timing.margin - rest, Duration::zero())
                                 : budget.grace;
      return {.shared = shared, .timing = timing, .grace = grace};
    } catch (const ArgumentError& error) {
      // Of what would work is known only how ttl and grace go together.
      if (options_.renew_every || options_.margin || options_.poll)
        throw Failure(Exit::config, error.what());
      throw budget.refusal(error.what(), shared);
    }
  }

  static std::string text(const Figures& figures) {
    const internal::Timing& timing = figures.timing;
    const Duration until_term = timing.ttl - timing.margin;
    const Duration survived = timing.outage_survived();
    std::string out;
    const auto line = [&out](const char* what, const std::string& value) {
      out += fmt::format("{:<17}{}\n", what, value);
    };
    line("lease", fmt::format("{}, renewed every {}", show_duration(timing.ttl),
                              show_duration(timing.renew_every)));
    line("takeover",
         fmt::format("within {} after {}, typically {}; at once after a clean stop{}",
                     show_duration(figures.worst()), figures.shared ? "a crash" : "a hang",
                     show_duration(figures.typical()),
                     figures.shared ? "" : " or the end of the process"));
    line("outage survived",
         fmt::format("{} without the store, whenever it begins", show_duration(survived)));
    if (figures.shared) {
      const bool enough = survived >= internal::kPrimaryElection;
      line("", fmt::format("{} an election of MongoDB, which takes up to {} by default",
                           enough ? "enough for" : "NOT enough for",
                           show_duration(internal::kPrimaryElection)));
    }
    line("stop", fmt::format("TERM {} after the last renewal, KILL after a grace of {}, {} before "
                             "the lease ends",
                             show_duration(until_term), show_duration(figures.grace),
                             show_duration(timing.margin - figures.grace)));
    line("a try", fmt::format("up to {}, and {} before the next", show_duration(timing.call_budget),
                              show_duration(timing.retry_pause)));
    line("writes", fmt::format("{:.0f} per hour to keep one lease", figures.writes_per_hour()));
    return out;
  }

  static Json json(const Figures& figures) {
    const internal::Timing& timing = figures.timing;
    Json document = new_document("mongoelector.timing/1");
    document["shared"] = figures.shared;
    document["ttl_seconds"] = seconds(timing.ttl);
    document["renew_every_seconds"] = seconds(timing.renew_every);
    document["margin_seconds"] = seconds(timing.margin);
    document["call_budget_seconds"] = seconds(timing.call_budget);
    document["retry_pause_seconds"] = seconds(timing.retry_pause);
    document["poll_seconds"] = seconds(timing.poll);
    document["grace_seconds"] = seconds(figures.grace);
    document["takeover_worst_seconds"] = seconds(figures.worst());
    document["takeover_typical_seconds"] = seconds(figures.typical());
    document["outage_survived_seconds"] = seconds(timing.outage_survived());
    document["writes_per_hour"] = figures.writes_per_hour();
    return document;
  }

  SupervisionFlags flags_;
  TimingOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_timing() { return std::make_unique<TimingCommand>(); }

}  // namespace mongoelector::cli
