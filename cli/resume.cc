#include <fmt/format.h>

#include "base/text.h"
#include "cli/control.h"

namespace mongoelector::cli {

namespace {

class ResumeCommand : public ControlCommand {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "resume",
        .group = "Act",
        .summary = "end the pause of an election",
        .usage = "ELECTION [flags]",
        .examples = {{"mongoelector resume billing", "whoever is first may lead it again"}}};
    return kAbout;
  }

 private:
  void add_own_flags(Flags& flags) override { add_election(flags); }

  void judge(Context&) override {}

  bool needed(const Electorate& seen) const override { return seen.paused(); }

  void edit(const Electorate& seen, ControlRow& row, WallTime) const override {
    if (row.pause != seen.control().pause) overtaken(seen, row.pause ? row.pause->by : "");
    row.pause.reset();
  }

  std::string told(const Request& request) const override {
    const std::string key = internal::show_key(request.seen.key());
    if (!needed(request.seen)) return key + " is not paused";
    const Pause& before = *request.seen.control().pause;
    return fmt::format("{}: {}; it was paused {}, by {}", key, done("resumed", "would resume"),
                       pause_end(before), asker(before.by));
  }
};

}  // namespace

std::unique_ptr<Command> make_resume() { return std::make_unique<ResumeCommand>(); }

}  // namespace mongoelector::cli
