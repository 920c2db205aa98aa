#include "cli/command.h"
#include "cli/deadline.h"
#include "cli/views.h"

namespace mongoelector::cli {

namespace {

class LeaderCommand : public Command {
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

  void add_flags(CLI::App& app) override {
    app.add_option("ELECTION", name_, "the election")->required();
  }

  int run(Context& context) override {
    Target target = parse_target(name_);
    // The command says which kind it is about; "election/NAME" may say it again.
    if (target.kind == Kind::lock) target.name = name_;
    target.kind = Kind::election;
    const Deadline deadline(context);
    const Connection connection = open_connection(context);
    const auto record = find_record(connection.session->store(), target);
    const bool led = record && live(*record);
    if (context.out.json()) {
      context.out.document(ElectionView(connection, Key::election(target.name), record).json());
    } else if (led) {
      context.out.answer(holder_name(*record) + "\n");
    }
    return static_cast<int>(led ? Exit::done : Exit::no);
  }

 private:
  std::string name_;
};

}  // namespace

std::unique_ptr<Command> make_leader() { return std::make_unique<LeaderCommand>(); }

}  // namespace mongoelector::cli
