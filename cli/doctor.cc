// doctor [NAME]: whether everything is as it has to be, and what to do if not.
#include "cli/checks.h"
#include "cli/deadline.h"
#include "cli/views.h"

namespace mongoelector::cli {

namespace {

// What twenty round trips to a store far away, and a dozen writes, may take.
constexpr std::chrono::seconds kPatience{30};

class DoctorCommand : public Command {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "doctor",
        .group = "Operate",
        .summary = "check the store, the way to it and one election; say what to do",
        .usage = "[NAME] [--ttl DUR] [--strict]",
        .examples = {{"mongoelector doctor", "is everything as it has to be?"},
                     {"mongoelector doctor billing --strict", "this election too; fail on doubt"}},
        .details =
            "Exits 0 if nothing fails, else with the code of the first failure: 69, 76, 77, 78...\n"
            "(--strict: 76 for warnings). Takes and gives back a lock and an election named after\n"
            "this machine; one row of the history and one for requests stay for the next time.\n"};
    return kAbout;
  }

  void add_flags(Flags& flags) override {
    flags.add_option("NAME", name_, "an election or a lock");
    add_duration(flags, "--ttl", ttl_, "the ttl you use; default: that of NAME, else 15s");
    flags.add_flag("--strict", strict_, "a warning is a failure");
  }

  int run(Context& context) override {
    if (!name_.empty()) target_ = parse_target(name_);
    Findings findings(context.out);
    {
      const Deadline deadline(context, "", context.globals.timeout.value_or(kPatience));
      look(context, findings);
    }
    if (context.out.json()) {
      Json document = new_document("mongoelector.doctor/1");
      document["checks"] = findings.json();
      context.out.answer_document(document);
    }
    return static_cast<int>(findings.exit_code(strict_));
  }

 private:
  void look(Context& context, Findings& findings) const {
    StoreChoice choice;
    std::optional<Connection> connection;
    try {
      choice = choose_store(context.globals, true);
    } catch (...) {
      findings.fail("store", std::current_exception());
      return;
    }
    check_choice(findings, context.globals, choice);
    try {
      connection = open_connection(context, choice);
      findings.ok("connect", "it answers, and this user may read it");
    } catch (...) {
      findings.fail("connect", std::current_exception());
      return;
    }
    const Duration ttl = ttl_.value_or(ttl_of_target(connection->session->store()));
    check_answers(findings, *connection, ttl);
    check_timing(findings, *connection, ttl);
    check_writes(findings, connection->session->store());
    if (target_) {
      check_target(findings, connection->session->store(), store_time(*connection), *target_);
    }
  }

  Duration ttl_of_target(LeaseStore& store) const {
    for (const Kind kind : {Kind::election, Kind::lock}) {
      if (!target_ || (target_->kind && target_->kind != kind)) continue;
      // What it is for is checked, and told, by the checks.
      const auto record = store.read(Key(kind, target_->name)).record;
      if (record && record->ttl > Duration::zero()) return record->ttl;
    }
    return ElectorOptions{}.ttl;
  }

  static WallTime store_time(const Connection& connection) {
    return connection.session->store().info().time.value_or(connection.session->clock().wall());
  }

  std::string name_;
  std::optional<Target> target_;
  std::optional<Duration> ttl_;
  bool strict_ = false;
};

}  // namespace

std::unique_ptr<Command> make_doctor() { return std::make_unique<DoctorCommand>(); }

}  // namespace mongoelector::cli
