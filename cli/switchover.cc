#include <fmt/format.h>

#include <optional>

#include "base/text.h"
#include "cli/handover.h"

namespace mongoelector::cli {

namespace {

class SwitchoverCommand : public HandoverCommand {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "switchover",
        .group = "Act",
        .summary = "hand an election over to one member, now or later",
        .usage = "ELECTION (--to MEMBER | --cancel) [flags]",
        .examples =
            {{"mongoelector switchover billing --to web-1 --wait", "exits 75 if another one leads"},
             {"mongoelector switchover billing --to web-1 --at 2027-01-31T03:00:00Z", "later"},
             {"mongoelector switchover billing --cancel", "not later, after all"}},
        .details =
            "MEMBER is a label, a host or an id as `members` shows them. The others leave the\n"
            "election to it for two ttls, then to whoever is first: it may have died meanwhile.\n"
            "They have to know first, so it takes a moment: a part of a second, half a ttl on a\n"
            "standalone MongoDB, where nothing wakes them.\n"
            "At TIME by the store's clock the present leader is asked, if it still leads; nobody\n"
            "has to stay for that. When it cannot be done it says why, for each member.\n"
            "Exits 3 if nobody leads, 75 if MEMBER cannot take over.\n"};
    return kAbout;
  }

 private:
  void add_own_flags(Flags& flags) override {
    add_election(flags);
    flags.add_option("--to", to_, "who shall lead").type_name("MEMBER");
    flags.add_option("--at", at_, "not before then: 2027-01-31T03:00:00Z, or +10m")
        .type_name("TIME");
    flags.add_flag("--cancel", cancel_, "call off what was asked and has not happened yet");
    add_handover(flags, "three ttls");
  }

  void prepare() override {
    HandoverCommand::prepare();
    if (cancel_ == !to_.empty() || (cancel_ && !at_.empty())) {
      throw Failure(Exit::usage, "switchover takes --to MEMBER or --cancel, one of them",
                    "see: mongoelector help switchover");
    }
    if (at_.empty()) return;
    if (at_[0] == '+') {
      at_in_ = parse_duration_flag("--at", at_.substr(1));
      return;
    }
    at_time_ = internal::parse_rfc3339(at_);
    if (!at_time_) {
      throw Failure(Exit::usage, fmt::format("--at {} is no time", internal::quoted(at_)),
                    "write 2027-01-31T03:00:00Z, or +10m for ten minutes from now");
    }
  }

  Plan plan(const Electorate& seen) const override {
    if (cancel_) return {.cancel = true};
    const auto found = seen.find(to_);
    if (found.size() > 1) {
      std::string text = fmt::format("--to {} means more than one member:", internal::quoted(to_));
      for (const NodeStatus& member : found) text += " " + describe_member(member) + ",";
      text.pop_back();
      throw Failure(Exit::usage, text, "say an id");
    }
    if (found.empty()) refuse(seen, fmt::format("nobody is called {}", internal::quoted(to_)));
    const NodeStatus& successor = found.front();
    if (!seen.leads(successor)) {
      if (seen.paused()) refuse(seen, "it is paused, so nobody can be elected");
      const std::string unfit = seen.unfit(successor);
      if (!unfit.empty()) refuse(seen, fmt::format("{}: {}", describe_member(successor), unfit));
    }
    return {.to = control_word(to_, found),
            .successor = describe_member(successor),
            .at = planned_time(seen.now()),
            .notice = notice(seen)};
  }

  // Most are woken at once; where no store can do that, they look every ttl/2.
  static Duration notice(const Electorate& seen) {
    constexpr std::chrono::milliseconds kWoken{300};
    return seen.wakes_members() ? kWoken : seen.leader()->ttl / 2;
  }

  std::optional<WallTime> planned_time(WallTime now) const {
    if (at_in_) return now + std::chrono::duration_cast<WallTime::duration>(*at_in_);
    if (at_time_ && *at_time_ <= now) {
      throw Failure(Exit::usage, fmt::format("--at {} is over: the store's clock says {}", at_,
                                             internal::rfc3339(now)));
    }
    return at_time_;
  }

  [[noreturn]] static void refuse(const Electorate& seen, const std::string& why) {
    std::string text =
        fmt::format("{} cannot be handed over: {}", internal::show_key(seen.key()), why);
    for (const std::string& line : verdicts(seen)) text += "; " + line;
    throw Failure(Exit::busy, text, {}, holder_json(seen.leader()->holder));
  }

  // Longer than the election is left to the successor: then it is the others' turn.
  Duration shortest_absence(const Electorate& seen) const override {
    return 3 * seen.leader()->ttl;
  }

  std::string stakes(const Electorate& seen, const Plan& plan) const override {
    return fmt::format("{} is led by {} and goes to {}{}.\n", internal::show_key(seen.key()),
                       describe_holder(*seen.leader()), plan.successor,
                       plan.at ? " at " + internal::rfc3339(*plan.at) : ", now");
  }

  std::string to_;
  std::string at_;
  std::optional<WallTime> at_time_;
  std::optional<Duration> at_in_;
  bool cancel_ = false;
};

}  // namespace

std::unique_ptr<Command> make_switchover() { return std::make_unique<SwitchoverCommand>(); }

}  // namespace mongoelector::cli
