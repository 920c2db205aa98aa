#include "stores/sqlite/database.h"

#include <sqlite3.h>

#include <algorithm>
#include <limits>

#include "stores/sqlite/sqlite_store.h"

namespace mongoelector::internal {

namespace {

SqlProblem problem_of(int code) {
  switch (code & 0xff) {
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return SqlProblem::refused;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // a table or column that is not there
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      return SqlProblem::foreign;
    default:
      return SqlProblem::unavailable;
  }
}

bool busy(int code) { return (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED; }

}  // namespace

void Database::CloseDatabase::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

void Database::FinalizeStatement::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Database::Database(const std::string& path, Mode mode) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                    (mode == Mode::create ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  handle_.reset(handle);
  if (handle == nullptr) throw SqlError(SqlProblem::unavailable, "out of memory");
  sqlite3_extended_result_codes(handle, 1);
  // Replaces the hook by which SQLite moves the log itself.
  const auto note_length = [](void* length, sqlite3*, const char*, int pages) {
    *static_cast<int*>(length) = pages;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(handle, note_length, &log_pages_);
  check(code);
}

void Database::set_patience(std::int64_t ms) {
  constexpr std::int64_t kLongest = std::numeric_limits<int>::max();
  check(sqlite3_busy_timeout(handle_.get(), static_cast<int>(std::min(ms, kLongest))));
}

void Database::execute(const char* sql) {
  check(sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr));
}

int Database::changes() const { return sqlite3_changes(handle_.get()); }

bool Database::read_only() const { return sqlite3_db_readonly(handle_.get(), "main") != 0; }

bool Database::in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

void Database::roll_back() noexcept {
  sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Database::move_log() {
  check(sqlite3_wal_checkpoint_v2(handle_.get(), "main", SQLITE_CHECKPOINT_PASSIVE, nullptr,
                                  nullptr));
  log_pages_ = 0;
}

bool Database::moved() const {
  int moved = 0;
  check(sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved));
  return moved != 0;
}

void Database::spare_companions() {
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

sqlite3_stmt* Database::prepared(const char* sql) {
  for (const Prepared& known : prepared_) {
    if (known.sql == sql) return known.statement.get();
  }
  sqlite3_stmt* statement = nullptr;
  check(sqlite3_prepare_v3(handle_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr));
  prepared_.push_back({sql, std::unique_ptr<sqlite3_stmt, FinalizeStatement>(statement)});
  return statement;
}

void Database::check(int code) const {
  if (code == SQLITE_OK) return;
  throw SqlError(problem_of(code), sqlite3_errmsg(handle_.get()), busy(code));
}

Query::~Query() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

bool Query::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_.check(code);
  return false;
}

void Query::run() {
  while (next()) {
  }
}

std::optional<std::int64_t> Query::integer(int column) const {
  if (sqlite3_column_type(statement_, column) != SQLITE_INTEGER) return std::nullopt;
  return sqlite3_column_int64(statement_, column);
}

std::optional<std::string> Query::text(int column) const {
  if (sqlite3_column_type(statement_, column) != SQLITE_TEXT) return std::nullopt;
  const unsigned char* text = sqlite3_column_text(statement_, column);
  if (text == nullptr) throw SqlError(SqlProblem::unavailable, "out of memory");
  return std::string(reinterpret_cast<const char*>(text),
                     static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

bool Query::null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

void Query::bind(std::int64_t value) {
  database_.check(sqlite3_bind_int64(statement_, ++bound_, value));
}

void Query::bind(std::string_view value) {
  // A null pointer would bind NULL instead of the empty text.
  const char* data = value.data() == nullptr ? "" : value.data();
  database_.check(sqlite3_bind_text64(statement_, ++bound_, data, value.size(), SQLITE_TRANSIENT,
                                      SQLITE_UTF8));
}

void Query::bind(const std::optional<std::int64_t>& value) {
  if (value) return bind(*value);
  database_.check(sqlite3_bind_null(statement_, ++bound_));
}

Transaction::Transaction(Database& database, Intent intent) : database_(database) {
  Query(database_, intent == Intent::write ? "BEGIN IMMEDIATE" : "BEGIN").run();
}

Transaction::~Transaction() {
  // SQLite may have rolled back by itself.
  if (open_ && database_.in_transaction()) database_.roll_back();
}

void Transaction::commit() {
  try {
    Query(database_, "COMMIT").run();
    open_ = false;
  } catch (const SqlError& error) {
    if (error.busy()) throw;
    throw UnsureCommit(error.problem(), error.what());
  }
}

std::string sqlite_version() { return sqlite3_libversion(); }

}  // namespace mongoelector::internal
