#include <fmt/format.h>

#include "base/text.h"
#include "cli/listing.h"
#include "cli/look.h"

namespace mongoelector::cli {

namespace {

class ListCommand : public LookCommand {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "list",
        .alias = "ls",
        .group = "Look",
        .summary = "all elections and locks that have a record",
        .usage = "[--kind KIND] [--filter GLOB] [-o FORMAT]",
        .examples = {{"mongoelector list", "who holds what"},
                     {"mongoelector list --kind lock --filter 'backup-*'", "some locks"},
                     {"mongoelector list -o name", "names to loop over"}},
        .details = "An election without a leader is listed while its last record is there.\n"};
    return kAbout;
  }

  void add_flags(CLI::App& app) override {
    app.add_option("--kind", kind_, "only these: lock or election")->type_name("KIND");
    app.add_option("--filter", selection_.glob, "only names that match, as files do in a shell")
        ->type_name("GLOB");
    app.add_option("-o,--output", output_, "table, wide (more columns), json or name")
        ->type_name("FORMAT");
  }

  void prepare(Context& context) override {
    format_ = format_of(context.globals.json);
    context.out.configure_json(format_ == Format::json);
    selection_.kind = kind_of();
  }

  Answer ask(Context& context, const Connection& connection) override {
    const auto records = list_records(context, connection.session->store(), selection_);
    return {render_records(context, connection, records, format_)};
  }

 private:
  std::optional<Kind> kind_of() const {
    if (kind_.empty()) return std::nullopt;
    if (kind_ == "lock") return Kind::lock;
    if (kind_ == "election") return Kind::election;
    throw Failure(Exit::usage, fmt::format("--kind is {}", internal::quoted(kind_)),
                  "it may be lock or election");
  }

  Format format_of(bool json) const {
    if (json && !output_.empty() && output_ != "json") {
      throw Failure(Exit::usage,
                    fmt::format("--json and -o {} contradict each other", shown(output_)));
    }
    if (json || output_ == "json") return Format::json;
    if (output_.empty() || output_ == "table") return Format::table;
    if (output_ == "wide") return Format::wide;
    if (output_ == "name") return Format::name;
    throw Failure(Exit::usage, fmt::format("-o is {}", internal::quoted(output_)),
                  "it may be table, wide, json or name");
  }

  std::string kind_;
  std::string output_;
  Format format_ = Format::table;
  Selection selection_;
};

}  // namespace

std::unique_ptr<Command> make_list() { return std::make_unique<ListCommand>(); }

}  // namespace mongoelector::cli
