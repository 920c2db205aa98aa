#include "cli/look.h"
#include "cli/views.h"

namespace mongoelector::cli {

namespace {

class LeaderCommand : public LookCommand {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "leader",
        .group = "Look",
        .summary = "who leads an election; exits 3 if nobody does",
        .usage = "ELECTION",
        .examples = {{"mongoelector leader billing", "its label, or its host"},
                     {"mongoelector leader billing --json", "everything known about it"}}};
    return kAbout;
  }

  void add_flags(Flags& flags) override {
    flags.add_option("ELECTION", name_, "the election").required();
  }

  void prepare(Context&) override { target_ = parse_target(name_, Kind::election); }

  Answer ask(Context& context, const Connection& connection) override {
    const auto record = find_record(connection.session->store(), target_);
    const bool led = record && live(*record);
    if (context.out.json()) {
      const ElectionView view(connection, Key::election(target_.name), record);
      return {.document = view.json(), .yes = led};
    }
    return {.text = led ? holder_name(*record) + "\n" : "", .yes = led};
  }

 private:
  std::string name_;
  Target target_;
};

}  // namespace

std::unique_ptr<Command> make_leader() { return std::make_unique<LeaderCommand>(); }

}  // namespace mongoelector::cli
