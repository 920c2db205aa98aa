#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "cli/listing.h"
#include "cli/look.h"
#include "cli/supervision.h"

namespace mongoelector::cli {

namespace {

enum class Order { name, holder, held, left };

class ListCommand : public LookCommand {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "list",
        .alias = "ls",
        .group = "Look",
        .summary = "all elections and locks that have a record",
        .usage = "[--kind KIND] [--filter GLOB] [--stale] [--sort ORDER] [-o FORMAT]",
        .examples = {{"mongoelector list", "who holds what"},
                     {"mongoelector list --kind lock --filter 'backup-*'", "some locks"},
                     {"mongoelector list --stale", "what nobody keeps alive"},
                     {"mongoelector list -o name", "names to loop over"}},
        .details = "An election without a leader is listed while its last record is there.\n"
                   "Only elections have terms: a lock's TERM is always \"-\".\n"};
    return kAbout;
  }

  void add_flags(Flags& flags) override {
    add_choice<std::optional<Kind>>(flags, "--kind", selection_.kind,
                                    {{"lock", Kind::lock}, {"election", Kind::election}},
                                    "only these: lock or election");
    flags.add_option("--filter", selection_.glob, "only names that match, as files do in a shell")
        .type_name("GLOB");
    flags.add_flag("--stale", selection_.stale,
                   "only what nobody holds, or whose holder has missed renewals");
    add_choice<Order>(flags, "--sort", order_,
                      {{"name", Order::name},
                       {"holder", Order::holder},
                       {"held", Order::held},
                       {"left", Order::left}},
                      "name (default), holder, held (longest first) or left (soonest first)");
  }

  std::vector<Format> formats() const override { return {Format::wide, Format::name}; }

  void prepare(Context&) override {}

  Answer ask(Context& context, const Connection& connection) override {
    if (context.format == Format::name) {
      std::string names;
      for (const Record& record :
           sorted(list_records(context, connection.session->store(), selection_), kItself))
        names += fmt::format("{}/{}\n", to_string(record.key.kind()), shown(record.key.name()));
      return {.text = names};
    }
    const auto listed = sorted(list_leases(context, connection, selection_), &Listed::record);
    if (context.format == Format::jsonl) return {.text = list_lines(listed)};
    if (context.format == Format::json) return {.document = list_document(connection, listed)};
    return {.text = list_table(context, listed, context.format == Format::wide)};
  }

 private:
  static constexpr auto kItself = [](const Record& record) -> const Record& { return record; };

  template <class Item, class RecordOf>
  std::vector<Item> sorted(std::vector<Item> items, RecordOf record_of) const {
    std::stable_sort(items.begin(), items.end(), [&](const Item& one, const Item& other) {
      return before(std::invoke(record_of, one), std::invoke(record_of, other));
    });
    return items;
  }

  // What nobody holds comes last.
  bool before(const Record& one, const Record& other) const {
    if (order_ == Order::name) return false;  // as they come
    if (live(one) != live(other)) return live(one);
    switch (order_) {
      case Order::holder: return holder_name(one) < holder_name(other);
      // Not by held_for(), which two clocks make up: they differ by a millisecond now and then.
      case Order::held: return one.created_at < other.created_at;
      default: return one.remaining < other.remaining;
    }
  }

  Selection selection_;
  Order order_ = Order::name;
};

}  // namespace

std::unique_ptr<Command> make_list() { return std::make_unique<ListCommand>(); }

}  // namespace mongoelector::cli
