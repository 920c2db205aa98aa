#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "cli/cordoning.h"

namespace mongoelector::cli {

namespace {

class CordonCommand : public CordoningCommand {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "cordon",
        .group = "Act",
        .summary = "keep a member from being elected; it stays a member",
        .usage = "MEMBER [ELECTION] [flags]",
        .examples = {{"mongoelector cordon web-1", "before its host is upgraded"},
                     {"mongoelector cordon web-1 billing", "in one election only"}},
        .details =
            "A leader that is cordoned leads on: move it with stepdown. A label or a host stays\n"
            "cordoned over restarts, until uncordon. Without ELECTION: in every election that has\n"
            "a leader and knows MEMBER. Asks first if no other member could be elected.\n"};
    return kAbout;
  }

 private:
  bool concerns(const Electorate& seen) const override { return !seen.find(member()).empty(); }

  void judge(Context& context) override {
    for (const Request& request : requests()) {
      const Electorate& seen = request.seen;
      const std::string key = internal::show_key(seen.key());
      const auto found = seen.find(member());
      if (found.empty()) {
        context.out.note(fmt::format("{}: no member is called {} yet", key,
                                     internal::quoted(member())));
      }
      for (const NodeStatus& one : found) {
        if (seen.leads(one)) {
          context.out.note(fmt::format("{}: {} leads, and leads on until it ends or is asked to "
                                       "step down",
                                       key, describe_member(one)));
        }
      }
    }
  }

  // Somebody could be elected before, and nobody after.
  bool leaves_nobody(const Electorate& seen) const {
    const auto meant = seen.find(member());
    const auto fit = [&](const NodeStatus& one) { return seen.unfit(one).empty(); };
    const auto others = [&](const NodeStatus& one) {
      return fit(one) && std::none_of(meant.begin(), meant.end(), [&](const NodeStatus& other) {
               return other.uuid == one.uuid;
             });
    };
    const auto& members = seen.members();
    return std::any_of(meant.begin(), meant.end(), fit) &&
           std::none_of(members.begin(), members.end(), others);
  }

  std::optional<Question> question() const override {
    std::string stakes;
    for (const Request& request : requests()) {
      if (leaves_nobody(request.seen)) {
        stakes += fmt::format("No other member of {} could be elected.\n",
                              internal::show_key(request.seen.key()));
      }
    }
    if (stakes.empty()) return std::nullopt;
    return Question{.risk = Risk::moderate,
                    .name = member(),
                    .stakes = std::move(stakes),
                    .action = "cordoning " + internal::quoted(member())};
  }

  bool needed(const Electorate& seen) const override { return !listed(seen); }

  void edit(const Electorate& seen, ControlRow& row, WallTime) const override {
    const std::string word = word_in(seen);
    if (!lists(row, word)) row.cordoned.push_back(word);
  }

  std::string told(const Request& request) const override {
    return fmt::format("{}: {} {}", internal::show_key(request.seen.key()),
                       needed(request.seen) ? done("cordoned", "would cordon")
                                            : "cordoned already:",
                       shown(member()));
  }
};

}  // namespace

std::unique_ptr<Command> make_cordon() { return std::make_unique<CordonCommand>(); }

}  // namespace mongoelector::cli
