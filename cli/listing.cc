#include "cli/listing.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "cli/views.h"

namespace mongoelector::cli {

namespace {

// The open term is among the latest; more than a few are never open.
constexpr std::size_t kTermsToSearch = 4;

std::string state_of(const Listed& listed) {
  const Record& record = listed.record;
  const bool election = record.key.kind() == Kind::election;
  std::string state;
  if (live(record)) {
    state = "ok";
    if (election) state += fmt::format(", {} standby{}", listed.standbys,
                                       listed.standbys == 1 ? "" : "s");
    if (listed.waiting.value_or(0) > 0) state += fmt::format(", {} waiting", *listed.waiting);
  } else {
    state = election ? "NO LEADER" : "FREE";
    // With time left it is the death of its process that freed it.
    state += record.remaining > Duration::zero() ? ", holder died"
                                                 : fmt::format(" for {}", brief(-record.remaining));
  }
  return listed.paused ? state + ", paused" : state;
}

std::vector<std::string> row_of(const Listed& listed, bool wide) {
  const Record& record = listed.record;
  const bool held = live(record);
  std::vector<std::string> row{
      std::string(to_string(record.key.kind())),
      shown(record.key.name()),
      held ? holder_name(record) : "-",
      show_number(listed.term),
      held ? brief(record.remaining) : "-",
      record.ttl > Duration::zero() ? internal::show_duration(record.ttl) : "-",
      held ? brief(held_for(record)) : "-",
      state_of(listed)};
  if (!wide) return row;
  const auto renewed = since_renewal(record);
  row.push_back(held && renewed ? brief(*renewed) + " ago" : "-");
  row.push_back(record.token.known() ? to_string(record.token) : "-");
  row.push_back(shown(record.holder.host));
  row.push_back(std::to_string(record.holder.pid));
  row.push_back(record.holder.uuid.empty() ? "-" : shown(short_id(record.holder.uuid)));
  row.push_back(listed.version.empty() ? "-" : shown(listed.version));
  row.push_back(record.holder.note.empty() ? "-" : shown(record.holder.note));
  return row;
}

Json item_of(const Listed& listed) {
  const Record& record = listed.record;
  const bool held = live(record);
  const bool election = record.key.kind() == Kind::election;
  Json item{{"kind", to_string(record.key.kind())},
            {"name", record.key.name()},
            {"state", held ? "held" : "free"}};
  add_holding(item, held ? std::optional(record) : std::nullopt, listed.version);
  item["term"] = number_json(listed.term);
  item["standbys"] = election ? Json(listed.standbys) : Json(nullptr);
  item["waiting"] = listed.waiting ? Json(*listed.waiting) : Json(nullptr);
  item["paused"] = election ? Json(listed.paused) : Json(nullptr);
  return item;
}

bool selected(const Selection& selection, const Record& record) {
  if (selection.stale && live(record) && seems_alive(record)) return false;
  return selection.glob.empty() ||
         fnmatch(selection.glob.c_str(), record.key.name().c_str(), 0) == 0;
}

Listed look_closer(LeaseStore& store, Record record, WallTime now) {
  Listed listed{.record = std::move(record)};
  if (listed.record.key.kind() != Kind::election) return listed;
  const Election election =
      ask_election(store, listed.record.key, listed.record, now, kTermsToSearch);
  const TermRow* term = election.term();
  if (term == nullptr && !election.led() && !election.terms.empty())
    term = &election.terms.front();
  listed.term = term == nullptr ? 0 : term->number;
  listed.standbys = election.eligible_standbys();
  listed.paused = election.paused() != nullptr;
  listed.version = election.leader_version();
  return listed;
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
                 [&](const Record& record) { return selected(selection, record); });
  }
  return all;
}

std::vector<Listed> list_leases(Context& context, const Connection& connection,
                                const Selection& selection) {
  LeaseStore& store = connection.session->store();
  std::vector<Record> records = list_records(context, store, selection);
  std::vector<Listed> listed;
  if (records.empty()) return listed;
  const WallTime now = ask_moment(connection).now;
  for (Record& record : records) listed.push_back(look_closer(store, std::move(record), now));
  const auto is_lock = [](const Listed& one) { return one.record.key.kind() == Kind::lock; };
  if (std::none_of(listed.begin(), listed.end(), is_lock)) return listed;
  const auto waiting = ask_waiters(store, "");
  for (Listed& one : listed) {
    if (waiting && is_lock(one)) one.waiting = waiting_for(*waiting, one.record.key);
  }
  return listed;
}

std::string list_table(Context& context, const std::vector<Listed>& listed, bool wide) {
  if (listed.empty()) {
    context.out.note("nothing to list: no lock is held, no election is led");
    return "";
  }
  std::vector<std::string> header{"KIND", "NAME", "HOLDER", "TERM", "LEFT", "TTL", "HELD", "STATE"};
  if (wide) {
    header.insert(header.end(),
                  {"RENEWED", "TOKEN", "HOST", "PID", "ID", "VERSION", "NOTE"});
  }
  Table table(std::move(header));
  for (const Listed& lease : listed) table.add(row_of(lease, wide));
  return table.text(wide);
}

std::string list_lines(const std::vector<Listed>& listed) {
  std::string lines;
  for (const Listed& lease : listed) lines += to_line("mongoelector.list_item/1", item_of(lease));
  return lines;
}

Json list_document(const Connection& connection, const std::vector<Listed>& listed) {
  Json document = new_document("mongoelector.list/1");
  document["store"] = store_json(connection, ask_moment(connection).info);
  document["items"] = Json::array();
  for (const Listed& lease : listed) document["items"].push_back(item_of(lease));
  return document;
}

}  // namespace mongoelector::cli
