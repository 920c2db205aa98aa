// The tables, and what a connection must find before it may be used.
#pragma once

#include <memory>
#include <string>

#include "stores/sqlite/database.h"
#include "stores/sqlite/place.h"

namespace mongoelector::internal {

// The clock that judges leases: CLOCK_MONOTONIC of one boot in one time namespace.
struct Timebase {
  std::string boot;
  std::string time_namespace;
};

// A checked connection and the files it was opened on. For one thread at a time.
class Connection {
 public:
  // Throws ConnectError when the file is not ours, too new, of another time namespace or cannot be
  // used, SqlError when it is busy.
  Connection(const std::string& path, const Timebase& timebase, std::int64_t patience_ms);

  ~Connection();

  Database& database() { return database_; }
  // Still the files that everybody else uses.
  bool current() const noexcept { return FileMarks::of(path_) == marks_; }

 private:
  const std::string path_;
  Database database_;
  FileMarks marks_;
};

// Makes the file unless it is there: complete, then moved into place, so that nobody ever sees half
// of one. Throws ConnectError.
void create_database(const std::string& path);

}  // namespace mongoelector::internal
