#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "cli/listing.h"
#include "cli/look.h"
#include "cli/supervision.h"
#include "cli/views.h"

namespace mongoelector::cli {

namespace {

enum class Check { held, me, healthy };

class StatusCommand : public LookCommand {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "status",
        .group = "Look",
        .summary = "one lock or election in full; exits 3 if nobody holds it",
        .usage = "[NAME] [-w [SEC]] [--check WHAT]",
        .examples = {{"mongoelector status billing", "who leads, since when, who stands by"},
                     {"mongoelector status lock/nightly --json", "a lock, for a script"},
                     {"mongoelector status billing --check healthy", "3 if nobody could follow"},
                     {"mongoelector status -w 5", "a summary of everything, every 5s"}},
        .details =
            "NAME is a lock or an election; lock/NAME and election/NAME say which.\n"
            "me: it is held by a process of this machine; in a command that lock or run started,\n"
            "by just that one. healthy: an election is led,\n"
            "its lease renewed, not paused, and somebody is eligible to follow; a lock is held.\n"};
    return kAbout;
  }

  void add_flags(Flags& flags) override {
    flags.add_option("NAME", name_, "a lock or an election; without it: all");
    flags.add_option("-w,--watch", watch_, "show it again every SEC, default 2s, until Ctrl-C")
        .or_alone(kDefaultPause)
        .type_name("[SEC]");
    add_choice<Check>(flags, "--check", check_,
                      {{"leader", Check::held}, {"me", Check::me}, {"healthy", Check::healthy}},
                      "what the exit code answers: leader (default), me or healthy");
  }

  void prepare(Context&) override {
    if (watch_) {
      // "-w NAME": the word after the flag is no duration but what is to be watched.
      if (!name_ && !internal::parse_duration(*watch_)) {
        name_ = std::exchange(watch_, kDefaultPause);
      }
      pause_ = parse_duration_flag("--watch", *watch_);
    }
    if (name_) target_ = parse_target(*name_);
    if (!target_ && check_ != Check::held)
      throw Failure(Exit::usage, "--check me and --check healthy need a NAME");
  }

  std::optional<Duration> repeat_every() const override { return pause_; }

  Answer ask(Context& context, const Connection& connection) override {
    return target_ ? one(context, connection, *target_) : all(context, connection);
  }

 private:
  static constexpr const char* kDefaultPause = "2s";

  static Answer all(Context& context, const Connection& connection) {
    const auto listed = list_leases(context, connection, {});
    const bool held = std::any_of(listed.begin(), listed.end(),
                                  [](const Listed& lease) { return live(lease.record); });
    if (context.out.json()) return {.document = list_document(connection, listed), .yes = held};
    return {.text = list_table(context, listed, false), .yes = held};
  }

  Answer one(const Context& context, const Connection& connection, const Target& target) const {
    const auto record = find_record(connection.session->store(), target);
    const auto kind = record ? record->key.kind() : target.kind;
    const bool yes = record && live(*record) && (check_ != Check::me || is_me(record->holder));
    if (kind == Kind::lock) {
      return render(context, LockView(connection, Key::lock(target.name), record), yes);
    }
    const ElectionView view(connection, Key::election(target.name), record);
    if (!kind && view.unknown()) return nothing(context, target);
    return render(context, view, yes && (check_ != Check::healthy || view.healthy()));
  }

  // Released locks leave no record, so nothing says which kind the name was meant for.
  static Answer nothing(const Context& context, const Target& target) {
    if (!context.out.json()) {
      return {.text = fmt::format("no lock or election {} is held, and nobody stands for it\n",
                                  internal::quoted(target.name)),
              .yes = false};
    }
    Json document = new_document("mongoelector.nothing/1");
    document["name"] = target.name;
    document["lock"] = nullptr;
    document["election"] = nullptr;
    return {.document = std::move(document), .yes = false};
  }

  template <class View>
  static Answer render(const Context& context, const View& view, bool yes) {
    if (context.out.json()) return {.document = view.json(), .yes = yes};
    return {.text = view.text(context.out), .yes = yes};
  }

  std::optional<std::string> name_;
  std::optional<std::string> watch_;
  std::optional<Duration> pause_;
  Check check_ = Check::held;
  std::optional<Target> target_;
};

}  // namespace

std::unique_ptr<Command> make_status() { return std::make_unique<StatusCommand>(); }

}  // namespace mongoelector::cli
