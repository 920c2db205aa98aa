// SQLite in the few words this store needs. The only code that sees the library itself.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace mongoelector::internal {

// What went wrong, as far as an outcome depends on it.
enum class SqlProblem : std::uint8_t {
  unavailable,  // busy, full, I/O error, out of memory: the transaction did not happen
  refused,      // read-only or no permission
  foreign,      // not a database, corrupt, or not our tables
};

class SqlError : public std::runtime_error {
 public:
  SqlError(SqlProblem problem, const std::string& message, bool busy = false)
      : std::runtime_error(message), problem_(problem), busy_(busy) {}
  SqlProblem problem() const { return problem_; }
  bool busy() const { return busy_; }

 private:
  SqlProblem problem_;
  bool busy_;
};

// A commit that failed half-way: it may count after all.
class UnsureCommit : public SqlError {
 public:
  using SqlError::SqlError;
};

// One connection, for one thread at a time. Everything throws SqlError.
class Database {
 public:
  enum class Mode : std::uint8_t { existing, create };
  Database(const std::string& path, Mode mode);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // A call waits this long for another writer, then fails.
  void set_patience(std::int64_t ms);
  void execute(const char* sql);
  int changes() const;
  bool read_only() const;
  bool in_transaction() const;
  void roll_back() noexcept;  // where it fails, in_transaction() stays true
  // Length of the write-ahead log after the latest commit of this connection. Left to itself SQLite
  // moves the log into the file in whatever commit makes it long, which then takes two disk syncs;
  // here that happens in move_log() only.
  int log_pages() const { return log_pages_; }
  void move_log();  // as far as nobody else needs it, waiting for nobody
  bool moved() const;  // the path no longer names the file that is open
  // Closing the last connection removes the companions of the file by name; not from now on.
  void spare_companions();

 private:
  friend class Query;
  struct CloseDatabase {
    void operator()(sqlite3* database) const;
  };
  struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const;
  };
  struct Prepared {
    const char* sql;
    std::unique_ptr<sqlite3_stmt, FinalizeStatement> statement;
  };

  sqlite3_stmt* prepared(const char* sql);
  void check(int code) const;

  std::unique_ptr<sqlite3, CloseDatabase> handle_;
  int log_pages_ = 0;
  std::vector<Prepared> prepared_;  // by address of the literal: there are two dozen at most
};

// One run of a statement; `sql` must be a literal. Columns answer only for exactly their type, so
// that a value somebody else has put there is noticed.
class Query {
 public:
  template <class... Values>
  Query(Database& database, const char* sql, const Values&... values)
      : database_(database), statement_(database.prepared(sql)) {
    (bind(values), ...);
  }
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  bool next();  // a row is there
  void run();   // to its end
  std::optional<std::int64_t> integer(int column) const;
  std::optional<std::string> text(int column) const;
  bool null(int column) const;

 private:
  void bind(std::int64_t value);
  void bind(std::string_view value);
  void bind(const std::string& value) { bind(std::string_view(value)); }
  void bind(const std::optional<std::int64_t>& value);

  Database& database_;
  sqlite3_stmt* statement_;
  int bound_ = 0;
};

// Rolled back unless committed.
class Transaction {
 public:
  // write: the write lock is held when the constructor returns.
  enum class Intent : std::uint8_t { read, write };
  Transaction(Database& database, Intent intent);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit();  // throws UnsureCommit where it may have happened

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace mongoelector::internal
