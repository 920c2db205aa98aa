// What a store needs before anything can be held in it, for whoever makes it: `init`.
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"

namespace mongoelector::cli {

// The MongoDB database that is meant: the one that was said, else the URI's, else the default.
std::string database_of(const StoreChoice& choice);

// The path of a store of one file; nothing for others.
std::optional<std::string> sqlite_path(const StoreChoice& choice);

// An index that sweeps what nobody needs any more.
struct Broom {
  std::string collection;
  std::string field;
  std::chrono::seconds after;
};
// `prefix` is that of the collections, see ConnectOptions.
//
// Those that opening a MongoDB makes where there is none on that field. Tests hold this against
// what it does make.
std::vector<Broom> brooms(const std::string& prefix);

// For mongosh, as an administrator: the least role that keeps every promise, and a user with it.
std::string role_commands(const std::string& database, const std::string& prefix);

}  // namespace mongoelector::cli
