#include <fmt/format.h>

#include "base/text.h"
#include "cli/control.h"

namespace mongoelector::cli {

namespace {

class PauseCommand : public ControlCommand {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "pause",
        .group = "Act",
        .summary = "let nobody new be elected for a while; the leader leads on",
        .usage = "ELECTION [flags]",
        .examples = {{"mongoelector pause billing --for 30m --reason migration",
                      "ends by itself, or with resume"}},
        .details =
            "If the leader ends or dies during a pause, nobody leads until it is over.\n"
            "A pause takes the place of the one before.\n"};
    return kAbout;
  }

 private:
  void add_own_flags(Flags& flags) override {
    add_election(flags);
    add_duration(flags, "--for", length_, "how long; default 1h");
    flags.add_flag("--indefinitely", indefinitely_, "until somebody resumes it");
    add_reason(flags);
  }

  void prepare() override {
    ControlCommand::prepare();
    if (length_ && indefinitely_)
      throw Failure(Exit::usage, "--for and --indefinitely contradict each other");
    if (length_ && *length_ <= Duration::zero())
      throw Failure(Exit::usage, "--for has to be longer than nothing");
  }

  void judge(Context& context) override {
    const Electorate& seen = requests().front().seen;
    const std::string key = internal::show_key(seen.key());
    if (!seen.leader()) context.out.warn(fmt::format("nobody leads {}", key));
    if (seen.paused()) {
      const Pause& before = *seen.control().pause;
      context.out.note(
          fmt::format("{} was paused {}, by {}", key, pause_end(before), asker(before.by)));
    }
  }

  std::optional<Question> question() const override {
    if (!indefinitely_) return std::nullopt;
    const Key& key = requests().front().seen.key();
    return Question{.risk = Risk::moderate,
                    .name = key.name(),
                    .stakes = fmt::format("If its leader ends, nobody leads {} until somebody "
                                          "resumes it.\n",
                                          internal::show_key(key)),
                    .action = "an indefinite pause of " + internal::show_key(key)};
  }

  void edit(const Electorate& seen, ControlRow& row, WallTime now) const override {
    if (row.pause != seen.control().pause) overtaken(seen, row.pause ? row.pause->by : "");
    const Duration length = length_.value_or(std::chrono::hours(1));
    row.pause = Pause{.until = indefinitely_
                                   ? Pause::kIndefinitely
                                   : now + std::chrono::duration_cast<WallTime::duration>(length),
                      .reason = reason(),
                      .by = by()};
  }

  std::string told(const Request& request) const override {
    return fmt::format("{}: {} {}", internal::show_key(request.seen.key()),
                       done("paused", "would pause"),
                       pause_end(*request.row.pause));
  }

  std::optional<Duration> length_;
  bool indefinitely_ = false;
};

}  // namespace

std::unique_ptr<Command> make_pause() { return std::make_unique<PauseCommand>(); }

}  // namespace mongoelector::cli
