#include "stores/sqlite/record_rows.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/records.h"
#include "mongoelector/error.h"
#include "stores/sqlite/row_reader.h"

namespace mongoelector::internal {

namespace {

// The order of the tables in schema.cc.
enum TermColumn : int {
  kTermName,
  kToken,
  kNumber,
  kUuid,
  kHost,
  kPid,
  kLabel,
  kStart,
  kEnd,
  kEndedBy,
  kReason,
  kBy,
  kBlur,
};
enum ControlColumn : int {
  kControlName,
  kVersion,
  kStepdownUuid,
  kStepdownTo,
  kStepdownAt,
  kStepdownUntil,
  kStepdownReason,
  kStepdownBy,
  kPauseUntil,
  kPauseReason,
  kPauseBy,
};

std::optional<TermRow> term_of(const Query& row, const Key& key) {
  Reader reader(row);
  TermRow term{.key = key,
               .token = Token(static_cast<std::uint64_t>(reader.integer(kToken))),
               .number = static_cast<std::uint64_t>(reader.integer(kNumber)),
               .holder = Holder{.uuid = reader.text(kUuid),
                                .host = reader.text(kHost),
                                .pid = reader.integer(kPid),
                                .label = reader.text(kLabel)},
               .start = reader.wall(kStart),
               .end = reader.wall_if_any(kEnd),
               .reason = reader.text(kReason),
               .by = reader.text(kBy),
               .blur = reader.length(kBlur)};
  const auto ended_by = parse_ended_by(reader.text(kEndedBy));
  reader.demand(ended_by.has_value());
  if (!reader.sound()) return std::nullopt;
  term.ended_by = *ended_by;
  return term;
}

}  // namespace

bool write_term(Database& database, const TermRow& term, WallTime now) {
  Query(database, "DELETE FROM terms WHERE written_wall_ms < ?",
        since_1970_ms(now - kKeepTermsFor))
      .run();
  const auto token = static_cast<std::int64_t>(term.token.value());
  {
    Query present(database, "SELECT ended_by FROM terms WHERE name = ? AND token = ?",
                  term.key.name(), token);
    if (present.next()) {
      const auto ended_by = parse_ended_by(present.text(0).value_or(""));
      if (ended_by && finality(*ended_by) >= finality(term.ended_by)) return false;
    }
  }
  Query(database,
        "INSERT OR REPLACE INTO terms VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        term.key.name(), token, static_cast<std::int64_t>(term.number), term.holder.uuid,
        term.holder.host, term.holder.pid, term.holder.label, since_1970_ms(term.start),
        since_1970_ms(term.end), to_string(term.ended_by), term.reason, term.by,
        ceil_ms(term.blur), since_1970_ms(now))
      .run();
  return true;
}

std::vector<TermRow> terms_of(Database& database, const Key& key, WallTime since,
                              std::size_t limit) {
  constexpr std::size_t kMost = std::numeric_limits<std::int64_t>::max();
  std::vector<TermRow> terms;
  Query row(database,
            "SELECT * FROM terms WHERE name = ? AND (end_wall_ms IS NULL OR end_wall_ms >= ?) "
            "ORDER BY token DESC LIMIT ?",
            key.name(), since_1970_ms(since), static_cast<std::int64_t>(std::min(limit, kMost)));
  while (row.next()) {
    if (auto term = term_of(row, key)) terms.push_back(std::move(*term));
  }
  return terms;
}

bool write_control_row(Database& database, const ControlRow& row) {
  std::int64_t version = 0;
  {
    Query present(database, "SELECT version FROM controls WHERE name = ?", row.key.name());
    if (present.next()) version = present.integer(0).value_or(-1);
  }
  if (version != static_cast<std::int64_t>(row.version)) return false;
  const StepDown stepdown = row.stepdown.value_or(StepDown{});
  const Pause pause = row.pause.value_or(Pause{});
  Query(database, "INSERT OR REPLACE INTO controls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row.key.name(), version + 1, stepdown.uuid, stepdown.to, since_1970_ms(stepdown.at),
        since_1970_ms(stepdown.until), stepdown.reason, stepdown.by,
        row.pause ? std::optional(since_1970_ms(pause.until)) : std::nullopt, pause.reason,
        pause.by)
      .run();
  Query(database, "DELETE FROM cordoned WHERE name = ?", row.key.name()).run();
  for (const std::string& member : row.cordoned) {
    Query(database, "INSERT OR REPLACE INTO cordoned VALUES (?, ?)", row.key.name(), member).run();
  }
  return true;
}

ControlRead control_of(Database& database, const Key& key) {
  ControlRow control{.key = key};
  {
    Query row(database, "SELECT * FROM controls WHERE name = ?", key.name());
    if (!row.next()) return {};
    Reader reader(row);
    const std::int64_t version = reader.integer(kVersion);
    // The next version must be expressible too.
    reader.demand(version < std::numeric_limits<std::int64_t>::max());
    control.version = static_cast<std::uint64_t>(version);
    StepDown stepdown{.uuid = reader.text(kStepdownUuid),
                      .to = reader.text(kStepdownTo),
                      .at = reader.wall(kStepdownAt),
                      .until = reader.wall(kStepdownUntil),
                      .reason = reader.text(kStepdownReason),
                      .by = reader.text(kStepdownBy)};
    if (!stepdown.uuid.empty()) control.stepdown = std::move(stepdown);
    const auto until = reader.wall_if_any(kPauseUntil);
    Pause pause{.until = until.value_or(WallTime{}),
                .reason = reader.text(kPauseReason),
                .by = reader.text(kPauseBy)};
    if (until) control.pause = std::move(pause);
    if (!reader.sound()) return {.damaged = true};
  }
  Query member(database, "SELECT member FROM cordoned WHERE name = ? ORDER BY member", key.name());
  while (member.next()) {
    const auto name = member.text(0);
    if (!name) return {.damaged = true};
    control.cordoned.push_back(*name);
  }
  return {.row = std::move(control)};
}

void write_waiters(Database& database, const WaitersRow& row, const Moment& moment) {
  Query(database,
        "DELETE FROM waiters WHERE (name = ? AND uuid = ?) OR boot != ? OR expires_ms < ?",
        row.key.name(), row.uuid, moment.boot, moment.now_ms)
      .run();
  if (row.waiting <= 0) return;
  Query(database, "INSERT INTO waiters VALUES (?, ?, ?, ?, ?)", row.key.name(), row.uuid,
        row.waiting, moment.now_ms + ceil_ms(row.ttl), moment.boot)
      .run();
}

std::map<Key, std::int64_t> waiters_of(Database& database, const std::string& prefix,
                                       const Moment& moment) {
  std::map<Key, std::int64_t> waiting;
  Query row(database,
            "SELECT name, waiting FROM waiters "
            "WHERE name >= ? AND boot = ? AND expires_ms >= ? ORDER BY name",
            prefix, moment.boot, moment.now_ms);
  while (row.next()) {
    Reader reader(row);
    const std::string name = reader.text(0);
    const std::int64_t count = reader.integer(1);
    reader.demand(count > 0 && count <= kMostWaiters);
    if (!reader.sound() || !name.starts_with(prefix)) continue;
    try {
      waiting[Key::lock(name)] += count;
    } catch (const ArgumentError&) {
      // Not a name that this library would have written.
    }
  }
  return waiting;
}

}  // namespace mongoelector::internal
