#include <fmt/format.h>

#include "base/text.h"
#include "cli/cordoning.h"

namespace mongoelector::cli {

namespace {

class UncordonCommand : public CordoningCommand {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "uncordon",
        .group = "Act",
        .summary = "let a cordoned member be elected again",
        .usage = "MEMBER [ELECTION] [flags]",
        .examples = {{"mongoelector uncordon web-1", "wherever it is cordoned"}},
        .details =
            "MEMBER is the word that was cordoned: after `cordon HOST`, say HOST again.\n"
            "Without ELECTION: in every election that has a leader.\n"};
    return kAbout;
  }

 private:
  bool concerns(const Electorate& seen) const override { return listed(seen); }

  void judge(Context&) override {}

  bool needed(const Electorate& seen) const override { return listed(seen); }

  void edit(const Electorate& seen, ControlRow& row, WallTime) const override {
    std::erase(row.cordoned, word_in(seen));
  }

  std::string told(const Request& request) const override {
    const std::string key = internal::show_key(request.seen.key());
    if (!needed(request.seen)) return fmt::format("{}: {} is not cordoned", key, shown(member()));
    return fmt::format("{}: {} {}", key, done("uncordoned", "would uncordon"), shown(member()));
  }
};

}  // namespace

std::unique_ptr<Command> make_uncordon() { return std::make_unique<UncordonCommand>(); }

}  // namespace mongoelector::cli
