// All locks and elections of a store, as `list` and a bare `status` show them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/records.h"

namespace mongoelector::cli {

struct Selection {
  std::optional<Kind> kind = {};
  std::string glob = {};  // as in a shell; empty: all
  bool stale = false;     // only what nobody holds, or whose holder has not renewed it lately
};

struct Listed {
  Record record;
  std::uint64_t term = 0;    // 0: not known
  std::size_t standbys = 0;  // eligible ones
  bool paused = false;
  std::string version = {};  // of the program that leads; empty: not known
  std::optional<std::int64_t> waiting = {};  // for a lock; nothing: not known
};

// In order of kind and name. Tells the user about records that cannot be read. Throws StoreError.
std::vector<Record> list_records(Context& context, LeaseStore& store, const Selection& selection);
// With what the store knows about each election beside its lease.
std::vector<Listed> list_leases(Context& context, const Connection& connection,
                                const Selection& selection);

// Tells the user if there is nothing.
std::string list_table(Context& context, const std::vector<Listed>& listed, bool wide);
// An object on a line for each.
std::string list_lines(const std::vector<Listed>& listed);
Json list_document(const Connection& connection, const std::vector<Listed>& listed);

}  // namespace mongoelector::cli
