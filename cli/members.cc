#include "base/text.h"
#include "cli/look.h"
#include "cli/views.h"

namespace mongoelector::cli {

namespace {

class MembersCommand : public LookCommand {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "members",
        .group = "Look",
        .summary = "who takes part in an election",
        .usage = "ELECTION [-o FORMAT]",
        .examples = {{"mongoelector members billing", "leader and standbys, freshest first"},
                     {"mongoelector members billing -o wide", "hosts, pids and ids too"}},
        .details = "STATE: ok; stopped: takes no part just now; stale: not heard of for longer\n"
                   "than its ttl; cordoned: stays a member, but is not to lead.\n"
                   "CLOCK: against the store's, as the member measured it; \"-\" on SQLite, where\n"
                   "all go by one clock. PRIORITY: 0 goes first (run --priority).\n"};
    return kAbout;
  }

  void add_flags(Flags& flags) override {
    flags.add_option("ELECTION", name_, "the election").required();
  }

  std::vector<Format> formats() const override { return {Format::wide}; }

  void prepare(Context&) override {
    target_ = parse_target(name_, Kind::election);
  }

  Answer ask(Context& context, const Connection& connection) override {
    const auto record = find_record(connection.session->store(), target_);
    const ElectionView view(connection, Key::election(target_.name), record);
    if (context.format == Format::jsonl) return {.text = view.members_lines()};
    if (context.format == Format::json) return {.document = view.members_json()};
    if (!view.has_members()) {
      context.out.note("nobody takes part in " +
                       internal::show_key(Key::election(target_.name)));
      return {};
    }
    return {.text = view.members_text(context.format == Format::wide)};
  }

 private:
  std::string name_;
  Target target_;
};

}  // namespace

std::unique_ptr<Command> make_members() { return std::make_unique<MembersCommand>(); }

}  // namespace mongoelector::cli
