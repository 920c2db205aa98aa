// SQLite with nothing around it: what the embedded store is compared with.
#pragma once

#include <string>

struct sqlite3;
struct sqlite3_stmt;

namespace mongoelector::bench {

// One connection to a file in the same modes as the store's (WAL, synchronous NORMAL).
class PlainSqlite {
 public:
  explicit PlainSqlite(const std::string& path);
  ~PlainSqlite();
  PlainSqlite(const PlainSqlite&) = delete;
  PlainSqlite& operator=(const PlainSqlite&) = delete;

  // Two transactions: a row is written, the row is deleted.
  void pair();

 private:
  sqlite3_stmt* prepare(const char* sql);
  void run(sqlite3_stmt* statement);

  sqlite3* database_ = nullptr;
  sqlite3_stmt* begin_;
  sqlite3_stmt* write_;
  sqlite3_stmt* remove_;
  sqlite3_stmt* commit_;
};

}  // namespace mongoelector::bench
