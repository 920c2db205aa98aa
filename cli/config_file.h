// The configuration file, in TOML: where it is looked for and what it says.
//
// One file counts, the first that exists; nothing is merged. A file that is there and cannot be
// read or understood is an error: without what it says we might use another store than the others.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/globals.h"

namespace mongoelector::cli {

// A value and who said it: "--uri", "MONGODB_URI", "uri at FILE:3"; empty: nobody, the default.
struct Setting {
  std::string value = {};
  std::string origin = {};
};

struct ConfigFile {
  std::optional<Setting> uri = {};
  std::optional<Setting> uri_file = {};  // relative to the folder of the file
  std::optional<Setting> password_file = {};  // as uri_file
  std::optional<Setting> database = {};
  std::optional<Setting> collection_prefix = {};
  std::optional<Setting> require_shared = {};  // "true" or "false"
};

struct ConfigPlace {
  std::string path;
  std::string origin;  // "--config", "MONGOELECTOR_CONFIG", "project", "user", "system"
};

// All of a file that `origin` names. Throws Failure.
std::string read_file(const std::string& path, const std::string& origin);

// Where it is looked for if no file is named, in this order.
std::vector<ConfigPlace> config_places();

// The file that counts; nothing if none is named and none of the places has one. Throws Failure.
std::optional<ConfigPlace> find_config(const Globals& globals);

// Throws Failure that names file and line.
ConfigFile read_config(const ConfigPlace& place);

}  // namespace mongoelector::cli
