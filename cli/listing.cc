#include "cli/listing.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <iterator>

#include "base/text.h"

namespace mongoelector::cli {

namespace {

std::string state_of(const Record& record) {
  if (live(record)) return "ok";
  const std::string what = record.key.kind() == Kind::election ? "NO LEADER" : "FREE";
  // With time left it is the death of its process that freed it.
  if (record.remaining > Duration::zero()) return what + ", holder died";
  return fmt::format("{} for {}", what, brief(-record.remaining));
}

std::vector<std::string> row_of(const Record& record, bool wide) {
  const bool held = live(record);
  std::vector<std::string> row{
      std::string(to_string(record.key.kind())),
      shown(record.key.name()),
      held ? holder_name(record) : "-",
      held ? brief(record.remaining) : "-",
      record.ttl > Duration::zero() ? internal::show_duration(record.ttl) : "-",
      held ? brief(held_for(record)) : "-",
      state_of(record)};
  if (!wide) return row;
  const auto renewed = since_renewal(record);
  row.push_back(held && renewed ? brief(*renewed) + " ago" : "-");
  row.push_back(record.token.known() ? to_string(record.token) : "-");
  row.push_back(shown(record.holder.host));
  row.push_back(std::to_string(record.holder.pid));
  row.push_back(record.holder.note.empty() ? "-" : shown(record.holder.note));
  return row;
}

Json item_of(const Record& record) {
  const bool held = live(record);
  Json item{{"kind", to_string(record.key.kind())},
            {"name", record.key.name()},
            {"state", held ? "held" : "free"}};
  add_holding(item, held ? std::optional(record) : std::nullopt);
  item["term"] = nullptr;  // counted by a history, which is not kept yet
  return item;
}

std::string table_of(const std::vector<Record>& records, bool wide) {
  std::vector<std::string> header{"KIND", "NAME", "HOLDER", "LEFT", "TTL", "HELD", "STATE"};
  if (wide) header.insert(header.end(), {"RENEWED", "TOKEN", "HOST", "PID", "NOTE"});
  Table table(std::move(header));
  for (const Record& record : records) table.add(row_of(record, wide));
  return table.text(wide);
}

std::string document_of(const Connection& connection, const std::vector<Record>& records) {
  const StoreInfo info = connection.session->store().info();
  require_answer(info.outcome, info.detail, "asking the store about itself");
  Json document = new_document("mongoelector.list/1");
  document["store"] = store_json(connection, info);
  document["items"] = Json::array();
  for (const Record& record : records) document["items"].push_back(item_of(record));
  return to_text(document);
}

}  // namespace

std::vector<Record> list_records(Context& context, LeaseStore& store, const Selection& selection) {
  std::vector<Record> all;
  for (const Kind kind : {Kind::election, Kind::lock}) {
    if (selection.kind && *selection.kind != kind) continue;
    ListReply reply = store.list(kind, "");
    require_answer(reply.outcome, reply.detail, fmt::format("listing {}s", to_string(kind)));
    if (!reply.detail.empty()) context.out.note("left out: " + reply.detail);
    std::copy_if(std::make_move_iterator(reply.records.begin()),
                 std::make_move_iterator(reply.records.end()), std::back_inserter(all),
                 [&](const Record& record) {
                   return selection.glob.empty() ||
                          fnmatch(selection.glob.c_str(), record.key.name().c_str(), 0) == 0;
                 });
  }
  return all;
}

std::string render_records(Context& context, const Connection& connection,
                           const std::vector<Record>& records, Format format) {
  if (format == Format::json) return document_of(connection, records);
  if (format == Format::name) {
    std::string names;
    for (const Record& record : records)
      names += fmt::format("{}/{}\n", to_string(record.key.kind()), shown(record.key.name()));
    return names;
  }
  if (!records.empty()) return table_of(records, format == Format::wide);
  context.out.note("nothing to list: no lock is held, no election is led");
  return "";
}

}  // namespace mongoelector::cli
