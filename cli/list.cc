#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/deadline.h"
#include "cli/listing.h"

namespace mongoelector::cli {

namespace {

class ListCommand : public Command {
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
    app.add_option("-o,--output", format_, "table, wide (more columns), json or name")
        ->type_name("FORMAT");
  }

  int run(Context& context) override {
    const Format format = format_of(context.globals.json);
    context.out.configure_json(format == Format::json);
    selection_.kind = kind_of();
    const Deadline deadline(context);
    const Connection connection = open_connection(context);
    print_records(context, connection,
                  list_records(context, connection.session->store(), selection_), format);
    return 0;
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
    if (json && !format_.empty() && format_ != "json") {
      throw Failure(Exit::usage,
                    fmt::format("--json and -o {} contradict each other", shown(format_)));
    }
    if (json || format_ == "json") return Format::json;
    if (format_.empty() || format_ == "table") return Format::table;
    if (format_ == "wide") return Format::wide;
    if (format_ == "name") return Format::name;
    throw Failure(Exit::usage, fmt::format("-o is {}", internal::quoted(format_)),
                  "it may be table, wide, json or name");
  }

  std::string kind_;
  std::string format_;
  Selection selection_;
};

}  // namespace

std::unique_ptr<Command> make_list() { return std::make_unique<ListCommand>(); }

}  // namespace mongoelector::cli
