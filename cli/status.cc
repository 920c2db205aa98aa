#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "base/text.h"
#include "cli/command.h"
#include "cli/deadline.h"
#include "cli/listing.h"
#include "cli/views.h"

namespace mongoelector::cli {

namespace {

int code_for(bool held) { return static_cast<int>(held ? Exit::done : Exit::no); }

class StatusCommand : public Command {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "status",
        .group = "Look",
        .summary = "one lock or election in full; exits 3 if nobody holds it",
        .usage = "[NAME]",
        .examples = {{"mongoelector status billing", "who leads, since when, who stands by"},
                     {"mongoelector status lock/nightly --json", "a lock, for a script"},
                     {"mongoelector status", "a summary of everything"}},
        .details = "NAME is a lock or an election; lock/NAME and election/NAME say which.\n"};
    return kAbout;
  }

  void add_flags(CLI::App& app) override {
    app.add_option("NAME", name_, "a lock or an election; without it: all");
  }

  int run(Context& context) override {
    const auto target = name_ ? std::optional(parse_target(*name_)) : std::nullopt;
    const Deadline deadline(context);
    const Connection connection = open_connection(context);
    return target ? one(context, connection, *target) : all(context, connection);
  }

 private:
  static int all(Context& context, const Connection& connection) {
    const auto records = list_records(context, connection.session->store(), {});
    print_records(context, connection, records,
                  context.out.json() ? Format::json : Format::table);
    return code_for(std::any_of(records.begin(), records.end(), live));
  }

  static int one(Context& context, const Connection& connection, const Target& target) {
    const auto record = find_record(connection.session->store(), target);
    const auto kind = record ? record->key.kind() : target.kind;
    if (kind == Kind::lock) {
      show(context, LockView(connection, Key::lock(target.name), record));
    } else {
      const ElectionView view(connection, Key::election(target.name), record);
      if (!kind && view.unknown()) return nothing(context, target);
      show(context, view);
    }
    return code_for(record && live(*record));
  }

  // Released locks leave no record, so nothing says which kind the name was meant for.
  static int nothing(Context& context, const Target& target) {
    if (context.out.json()) {
      Json document = new_document("mongoelector.nothing/1");
      document["name"] = target.name;
      document["lock"] = nullptr;
      document["election"] = nullptr;
      context.out.document(document);
    } else {
      context.out.answer(fmt::format("no lock or election {} is held, and nobody stands for it\n",
                                     internal::quoted(target.name)));
    }
    return code_for(false);
  }

  template <class View>
  static void show(Context& context, const View& view) {
    if (context.out.json()) {
      context.out.document(view.json());
    } else {
      context.out.answer(view.text());
    }
  }

  std::optional<std::string> name_;
};

}  // namespace

std::unique_ptr<Command> make_status() { return std::make_unique<StatusCommand>(); }

}  // namespace mongoelector::cli
