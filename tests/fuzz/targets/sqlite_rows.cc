// Rows of a file that anybody may have edited: any value of any type in any column. They are
// understood or damaged; a lease that is understood can be written and reads the same again.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "fuzz/fuzz.h"
#include "mongoelector/options.h"
#include "stores/sqlite/record_rows.h"
#include "stores/sqlite/rows.h"

using namespace mongoelector;
using namespace mongoelector::internal;
using fuzz::require;

namespace {

struct Table {
  const char* name;
  int columns;
  const char* select;
};
constexpr Table kTables[] = {{"leases", 17, "SELECT * FROM leases"},
                             {"members", 18, "SELECT * FROM members"},
                             {"terms", 13, "SELECT * FROM terms"},
                             {"controls", 11, "SELECT * FROM controls"}};

// The names that our statements use; no types, so every value stays what it is.
constexpr char kSchema[] =
    "CREATE TABLE leases (kind, name, lease_id, token, uuid, host, pid, label, note, ttl_ms, "
    "expires_ms, boot, session, session_inode, version, created_wall_ms, expires_wall_ms);"
    "CREATE TABLE members (uuid, kind, name, host, pid, ttl_ms, heard_ms, boot, heard_wall_ms, "
    "ismaster, lock_owned, lock_created_wall_ms, lock_expires_wall_ms, elector_running, "
    "last_poll_wall_ms, app_version, label, priority);"
    "CREATE TABLE terms (name, token, uuid, host, pid, label, start_wall_ms, end_wall_ms, "
    "ended_by, reason, asked_by, blur_ms, written_wall_ms);"
    "CREATE TABLE controls (name, version, stepdown_uuid, stepdown_to, stepdown_at_wall_ms, "
    "stepdown_until_wall_ms, stepdown_reason, stepdown_by, pause_until_wall_ms, pause_reason, "
    "pause_by);"
    "CREATE TABLE cordoned (name, member);";

std::string hex(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

// Any type, and often enough what belongs there.
std::string value(fuzz::Input& input) {
  switch (input.byte() % 9) {
    case 0: return fmt::format("{}", input.byte());
    case 1: return fmt::format("CAST(x'{}' AS TEXT)", hex(input.text()));
    case 2: return fmt::format("{}", std::max<std::int64_t>(input.integer(), -INT64_MAX));
    case 3: return "NULL";
    case 4: return fmt::format("x'{}'", hex(input.text()));
    case 5: return fmt::format("{}.5", input.byte());
    case 6: return "'lock'";
    case 7: return "'e'";
    default: return "'boot'";
  }
}

void check_lease(Database& database, const Moment& moment) {
  std::optional<LeaseRow> lease;
  {
    Query row(database, kTables[0].select);
    if (!row.next()) return;
    lease = lease_of(row, moment);
    static_cast<void>(name_of(row));
  }
  if (!lease) return;
  require(lease->record.ttl > Duration::zero() && lease->record.ttl <= kLargestTtl,
          "a ttl nobody has");
  require(lease->record.remaining <= lease->record.ttl, "more time left than was granted");
  database.execute("DELETE FROM leases");
  write_lease(database, *lease, moment);
  Query row(database, kTables[0].select);
  require(row.next(), "a row that was not written");
  const auto again = lease_of(row, moment);
  require(again && again->record.key == lease->record.key &&
              again->record.lease_id == lease->record.lease_id &&
              again->record.token == lease->record.token &&
              again->record.holder.note == lease->record.holder.note && !again->record.claimable,
          "a lease that reads otherwise when it is written again");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Database database(":memory:", Database::Mode::create);
  static const bool made = [] {
    database.execute(kSchema);
    return true;
  }();
  static_cast<void>(made);
  fuzz::Input input(data, size);
  const Table& table = kTables[input.byte() % std::size(kTables)];
  std::string values = value(input);
  for (int i = 1; i < table.columns; ++i) values += ", " + value(input);
  database.execute(fmt::format("DELETE FROM {}", table.name).c_str());
  database.execute(fmt::format("INSERT INTO {} VALUES ({})", table.name, values).c_str());
  const Moment moment{.boot = "boot", .now_ms = 100'000, .wall = WallTime(std::chrono::hours(1))};
  check_lease(database, moment);
  const Key key = Key::election("e");
  for (Query row(database, kTables[1].select); row.next();)
    static_cast<void>(member_of(row, key));
  for (const TermRow& term : terms_of(database, key, WallTime{}, 10))
    require(term.blur >= Duration::zero(), "a negative blur");
  const ControlRead control = control_of(database, key);
  if (control.row) write_control_row(database, *control.row);
  return 0;
}
