#include "stores/sqlite/schema.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "base/host.h"
#include "base/text.h"
#include "mongoelector/error.h"
#include "stores/sqlite/sessions.h"

namespace mongoelector::internal {

namespace {

constexpr std::int64_t kApplicationId = 0x4d456c63;
constexpr std::int64_t kSchemaVersion = 4;

// Times end in _ms: expires, heard and quiet_until on the monotonic clock of `boot`, the _wall ones
// since 1970. `meta` has one row and is never removed. An empty uuid: no stepdown; without
// an end: no pause.
constexpr char kTables[] = R"(
  CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    token INTEGER NOT NULL,
    boot TEXT NOT NULL,
    time_namespace TEXT NOT NULL,
    inode INTEGER NOT NULL,
    log_inode INTEGER NOT NULL,
    quiet_until_ms INTEGER NOT NULL);
  INSERT INTO meta VALUES (1, 0, '', '', 0, 0, 0);
  CREATE TABLE leases (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    lease_id TEXT NOT NULL,
    token INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    label TEXT NOT NULL,
    note TEXT NOT NULL,
    ttl_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    session TEXT NOT NULL,
    session_inode INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_wall_ms INTEGER NOT NULL,
    expires_wall_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, name)) WITHOUT ROWID;
  CREATE TABLE members (
    uuid TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    ttl_ms INTEGER NOT NULL,
    heard_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    heard_wall_ms INTEGER NOT NULL,
    ismaster INTEGER NOT NULL,
    lock_owned INTEGER NOT NULL,
    lock_created_wall_ms INTEGER,
    lock_expires_wall_ms INTEGER,
    elector_running INTEGER NOT NULL,
    last_poll_wall_ms INTEGER,
    app_version TEXT NOT NULL,
    label TEXT NOT NULL,
    priority INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE waiters (
    name TEXT NOT NULL,
    uuid TEXT NOT NULL,
    waiting INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    PRIMARY KEY (name, uuid)) WITHOUT ROWID;
  CREATE TABLE terms (
    name TEXT NOT NULL,
    token INTEGER NOT NULL,
    number INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    label TEXT NOT NULL,
    start_wall_ms INTEGER NOT NULL,
    end_wall_ms INTEGER,
    ended_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    blur_ms INTEGER NOT NULL,
    written_wall_ms INTEGER NOT NULL,
    PRIMARY KEY (name, token)) WITHOUT ROWID;
  CREATE TABLE controls (
    name TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    stepdown_uuid TEXT NOT NULL,
    stepdown_to TEXT NOT NULL,
    stepdown_at_wall_ms INTEGER NOT NULL,
    stepdown_until_wall_ms INTEGER NOT NULL,
    stepdown_reason TEXT NOT NULL,
    stepdown_by TEXT NOT NULL,
    pause_until_wall_ms INTEGER,
    pause_reason TEXT NOT NULL,
    pause_by TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE cordoned (
    name TEXT NOT NULL,
    member TEXT NOT NULL,
    PRIMARY KEY (name, member)) WITHOUT ROWID;
  PRAGMA application_id = 0x4d456c63;
  PRAGMA user_version = 4;
)";

std::int64_t pragma(Database& database, const char* sql) {
  Query query(database, sql);
  return query.next() ? query.integer(0).value_or(0) : 0;
}

[[noreturn]] void damaged(const std::string& path, const std::string& why) {
  throw ConnectError(ConnectProblem::damaged, quoted(path) + " " + why);
}

void check_ours(Database& database, const std::string& path) {
  if (pragma(database, "PRAGMA application_id") != kApplicationId)
    damaged(path, "is not a file of this program");
  const std::int64_t version = pragma(database, "PRAGMA user_version");
  if (version != kSchemaVersion) {
    const std::string known = std::to_string(kSchemaVersion);
    damaged(path, "has schema version " + std::to_string(version) + ", this program knows " +
                      (version < kSchemaVersion
                           ? known + "; once nobody uses the file, remove it or name another"
                           : known + "; use a newer program, or name another file"));
  }
}

// Whether the file has been used since this boot as the file it is. Throws if that was in another
// time namespace.
bool adopted(Database& database, const std::string& path, const Timebase& timebase,
             std::int64_t inode) {
  Query query(database, "SELECT inode, time_namespace FROM meta WHERE boot = ?", timebase.boot);
  if (!query.next()) return false;
  if (query.text(1) != timebase.time_namespace) {
    throw ConnectError(ConnectProblem::unsupported,
                       quoted(path) +
                           " is used in another time namespace of this machine, whose clock is "
                           "another one");
  }
  return query.integer(0) == inode;
}

// The first use of a file after a boot, or of a copy of a file: from now on tokens are larger than
// any that a power cut, an older copy or a file that is gone may have given. So an epoch is at
// least the time, in steps of 32 s; 27 bits last until 2106.
void adopt(Database& database, const std::string& path, const Timebase& timebase,
           std::int64_t inode) {
  if (adopted(database, path, timebase, inode)) return;
  database.execute("PRAGMA synchronous = FULL");
  {
    Transaction transaction(database, Transaction::Intent::write);
    if (adopted(database, path, timebase, inode)) return;
    Query(database,
          "UPDATE meta SET token = max((token >> 36) + 1, ?) << 36, "
          "boot = ?, time_namespace = ?, inode = ?, log_inode = 0, quiet_until_ms = 0",
          (wall_seconds() >> 5) & 0x7FFFFFF, timebase.boot, timebase.time_namespace, inode)
        .run();
    if (database.changes() != 1) damaged(path, "has lost its token counter");
    transaction.commit();
  }
}

// Files that were put in the place of others begin while leases of the others may be in force: no
// lease is granted until those have ended.
void keep_quiet(Database& database, const std::string& path, const FileMarks& marks) {
  static constexpr char kKnown[] = "SELECT 1 FROM meta WHERE inode = ? AND log_inode = ?";
  if (Sessions::longest_ttl_elsewhere_ms(path, marks) == 0) return;
  Transaction transaction(database, Transaction::Intent::write);
  if (Query(database, kKnown, marks.database_inode(), marks.log_inode()).next()) return;
  Query(database, "UPDATE meta SET log_inode = ?, quiet_until_ms = ?", marks.log_inode(),
        monotonic_ms() + Sessions::longest_ttl_elsewhere_ms(path, marks))
      .run();
  transaction.commit();
}

}  // namespace

Connection::Connection(const std::string& path, const Timebase& timebase, std::int64_t patience_ms)
    : path_(path), database_(path, Database::Mode::existing) {
  database_.set_patience(patience_ms);
  try {
    check_ours(database_, path);
    if (database_.read_only()) {
      throw ConnectError(ConnectProblem::cannot_create, "cannot write to " + quoted(path));
    }
    Query mode(database_, "PRAGMA journal_mode = WAL");
    if (!mode.next() || mode.text(0) != "wal") damaged(path, "cannot be switched to WAL");
  } catch (const SqlError& error) {
    if (error.problem() != SqlProblem::foreign) throw;
    damaged(path, std::string("is not a file of this program: ") + error.what());
  }
  marks_ = FileMarks::of(path);
  if (database_.moved()) throw SqlError(SqlProblem::unavailable, "replaced while being opened");
  adopt(database_, path, timebase, marks_.database_inode());
  // A power cut ends all leases anyway; adopt() has seen to the tokens.
  database_.execute("PRAGMA synchronous = NORMAL");
  keep_quiet(database_, path, marks_);
}

Connection::~Connection() {
  // The names may belong to a file that others have put there. And after a failure the log stays:
  // removing it would make this session one on other files.
  if (!current() || database_.in_transaction()) database_.spare_companions();
}

void create_database(const std::string& path) {
  std::string draft = path + "-XXXXXX";
  // Readable for nobody else, and closed before SQLite opens it: closing any descriptor of a file
  // drops the locks that this process has on it.
  if (!Descriptor(mkostemp(draft.data(), O_CLOEXEC)).valid()) {
    throw ConnectError(ConnectProblem::cannot_create,
                       "cannot create " + quoted(path) + ": " +
                           std::generic_category().message(errno));
  }
  struct Remove {
    const std::array<std::string, 3> names;
    ~Remove() {
      for (const std::string& name : names) unlink(name.c_str());
    }
  } remove{{draft, draft + "-wal", draft + "-shm"}};
  try {
    Database database(draft, Database::Mode::existing);
    database.execute("PRAGMA synchronous = FULL");
    database.execute("PRAGMA journal_mode = WAL");
    Transaction transaction(database, Transaction::Intent::write);
    database.execute(kTables);
    transaction.commit();
    // What is published is the file alone. Closing would do this too, but tell nobody if it failed.
    database.move_log();
  } catch (const SqlError& error) {
    throw ConnectError(ConnectProblem::cannot_create,
                       "cannot create " + quoted(path) + ": " + error.what());
  }
  publish_file(draft, path);
}

}  // namespace mongoelector::internal
