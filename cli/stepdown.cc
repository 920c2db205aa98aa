#include <fmt/format.h>

#include "base/text.h"
#include "cli/handover.h"

namespace mongoelector::cli {

namespace {

class StepdownCommand : public HandoverCommand {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "stepdown",
        .group = "Act",
        .summary = "ask the leader of an election to hand over and to stay out for a while",
        .usage = "ELECTION [flags]",
        .examples = {{"mongoelector stepdown billing --wait", "and say who leads then"},
                     {"mongoelector stepdown billing --for 10m --reason deploy",
                      "the leader comes back after ten minutes at the earliest"}},
        .details =
            "The leader stops its work and gives the lease up; whoever is first takes over. The\n"
            "time it stays out is one ttl at least. Asks first if nobody could take over.\n"
            "With --wait it exits 75 if nobody else leads within three ttls and --timeout.\n"
            "Exits 3 if nobody leads, 75 if the leader changed meanwhile or takes no requests.\n"};
    return kAbout;
  }

 private:
  void add_own_flags(Flags& flags) override {
    add_election(flags);
    add_handover(flags, "one ttl");
  }

  Plan plan(const Electorate&) const override { return {}; }

  // It holds off for a ttl anyway; a standby of low priority may need longer to come.
  Duration shortest_absence(const Electorate& seen) const override {
    return seen.leader()->ttl + seen.takeover_delay();
  }

  std::string stakes(const Electorate& seen, const Plan&) const override {
    if (seen.has_standby()) return "";
    std::string text = fmt::format("Nobody could take over {}:\n", internal::show_key(seen.key()));
    for (const std::string& line : verdicts(seen)) text += "  " + line + "\n";
    return text;
  }
};

}  // namespace

std::unique_ptr<Command> make_stepdown() { return std::make_unique<StepdownCommand>(); }

}  // namespace mongoelector::cli
