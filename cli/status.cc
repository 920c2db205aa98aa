#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "base/text.h"
#include "cli/listing.h"
#include "cli/look.h"
#include "cli/views.h"

namespace mongoelector::cli {

namespace {

class StatusCommand : public LookCommand {
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

  void prepare(Context&) override {
    if (name_) target_ = parse_target(*name_);
  }

  Answer ask(Context& context, const Connection& connection) override {
    return target_ ? one(context, connection, *target_) : all(context, connection);
  }

 private:
  static Answer all(Context& context, const Connection& connection) {
    const auto records = list_records(context, connection.session->store(), {});
    const Format format = context.out.json() ? Format::json : Format::table;
    return {render_records(context, connection, records, format),
            std::any_of(records.begin(), records.end(), live)};
  }

  static Answer one(const Context& context, const Connection& connection, const Target& target) {
    const auto record = find_record(connection.session->store(), target);
    const auto kind = record ? record->key.kind() : target.kind;
    const bool held = record && live(*record);
    if (kind == Kind::lock)
      return {render(context, LockView(connection, Key::lock(target.name), record)), held};
    const ElectionView view(connection, Key::election(target.name), record);
    if (!kind && view.unknown()) return {nothing(context, target), false};
    return {render(context, view), held};
  }

  // Released locks leave no record, so nothing says which kind the name was meant for.
  static std::string nothing(const Context& context, const Target& target) {
    if (!context.out.json()) {
      return fmt::format("no lock or election {} is held, and nobody stands for it\n",
                         internal::quoted(target.name));
    }
    Json document = new_document("mongoelector.nothing/1");
    document["name"] = target.name;
    document["lock"] = nullptr;
    document["election"] = nullptr;
    return to_text(document);
  }

  template <class View>
  static std::string render(const Context& context, const View& view) {
    return context.out.json() ? to_text(view.json()) : view.text();
  }

  std::optional<std::string> name_;
  std::optional<Target> target_;
};

}  // namespace

std::unique_ptr<Command> make_status() { return std::make_unique<StatusCommand>(); }

}  // namespace mongoelector::cli
