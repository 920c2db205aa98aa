#include "bench/plain_sqlite.h"

#include <sqlite3.h>

#include <stdexcept>

namespace mongoelector::bench {

PlainSqlite::PlainSqlite(const std::string& path) {
  const bool opened = sqlite3_open(path.c_str(), &database_) == SQLITE_OK &&
                      sqlite3_exec(database_,
                                   "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                                   "CREATE TABLE leases (key TEXT PRIMARY KEY, holder TEXT, "
                                   "lease_id TEXT, expires INTEGER) WITHOUT ROWID",
                                   nullptr, nullptr, nullptr) == SQLITE_OK;
  if (!opened) throw std::runtime_error(sqlite3_errmsg(database_));
  begin_ = prepare("BEGIN IMMEDIATE");
  write_ = prepare("REPLACE INTO leases VALUES ('bench', 'host.example 4711', 'a lease', 1)");
  remove_ = prepare("DELETE FROM leases WHERE key = 'bench' AND lease_id = 'a lease'");
  commit_ = prepare("COMMIT");
}

PlainSqlite::~PlainSqlite() {
  for (sqlite3_stmt* statement : {begin_, write_, remove_, commit_}) sqlite3_finalize(statement);
  sqlite3_close(database_);
}

void PlainSqlite::pair() {
  for (sqlite3_stmt* part : {begin_, write_, commit_, begin_, remove_, commit_}) run(part);
}

sqlite3_stmt* PlainSqlite::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr) != SQLITE_OK)
    throw std::runtime_error(sqlite3_errmsg(database_));
  return statement;
}

void PlainSqlite::run(sqlite3_stmt* statement) {
  if (sqlite3_step(statement) != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(database_));
  sqlite3_reset(statement);
}

}  // namespace mongoelector::bench
