// What holds in the end: flags before the environment before the configuration file.
#pragma once

#include <optional>
#include <string>

#include "cli/config_file.h"

namespace mongoelector::cli {

struct Settings {
  // At most one of the two, from the first that says either: --uri or --uri-file; MONGOELECTOR_URI
  // or MONGOELECTOR_URI_FILE; MONGODB_URI; the file's uri or uri_file.
  std::optional<Setting> uri = {};
  std::optional<Setting> uri_file = {};
  Setting password_file = {};      // empty: none
  Setting database = {};           // empty: the one in the URI, else mongoelector
  Setting collection_prefix = {};  // empty: none
  bool require_shared = false;
  std::string require_shared_origin = {};
};

// Throws Failure for values that make no sense.
Settings settings_of(const Globals& globals);

}  // namespace mongoelector::cli
