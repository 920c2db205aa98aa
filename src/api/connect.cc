// The one place that knows every store.
#include "mongoelector/connect.h"

#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>

#include "base/host_name.h"
#include "base/text.h"
#include "mongoelector/error.h"
#include "mongoelector/memory_store.h"
#include "stores/mongo/mongo_store.h"
#include "stores/sqlite/sqlite_store.h"

namespace mongoelector {

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::shared_ptr<LeaseStore> open_store(std::string_view uri, const ConnectOptions& options) {
  if (uri.empty()) return internal::open_sqlite_store(default_sqlite_path());
  if (uri.find('\0') != std::string_view::npos)
    throw ConnectError(ConnectProblem::bad_uri, "the URI holds a NUL byte");
  if (uri == "memory:")
    return make_memory_store(options.clock ? options.clock : make_machine_clock());
  if (uri.starts_with("sqlite:")) {
    const std::string path(uri.substr(7));
    if (path.empty()) {
      throw ConnectError(ConnectProblem::bad_uri,
                         "the URI \"sqlite:\" names no file; write sqlite:PATH");
    }
    return internal::open_sqlite_store(path);
  }
  if (uri.starts_with("mongodb://") || uri.starts_with("mongodb+srv://")) {
    internal::begin_qualified_host_name();  // of every holder there
    return internal::open_mongo_store(std::string(uri), options);
  }
  throw ConnectError(ConnectProblem::bad_uri,
                     "no store is known for the URI " + internal::quoted(redact_uri(uri)) +
                         "; use mongodb://, mongodb+srv://, sqlite:PATH or memory:");
}

}  // namespace

std::map<std::string, std::string> store_libraries() {
  std::map<std::string, std::string> libraries{{"sqlite", internal::sqlite_version()}};
  try {
    libraries.emplace("libmongoc", internal::mongo_driver_version());
  } catch (const ConnectError&) {
    // Not part of this installation.
  }
  return libraries;
}

std::string default_sqlite_path() {
  static constexpr char kFile[] = "/leases.db";
  if (const std::string dir = environment("STATE_DIRECTORY"); !dir.empty()) {
    return dir.substr(0, dir.find(':')) + kFile;  // systemd separates several by colons
  }
  if (geteuid() == 0) return std::string("/var/lib/mongoelector") + kFile;
  if (const std::string dir = environment("XDG_STATE_HOME"); !dir.empty())
    return dir + "/mongoelector" + kFile;
  if (const std::string home = environment("HOME"); !home.empty()) {
    return home + "/.local/state/mongoelector" + kFile;
  }
  throw ConnectError(ConnectProblem::cannot_create,
                     "no place for the default SQLite file: neither STATE_DIRECTORY, "
                     "XDG_STATE_HOME nor HOME is set; "
                     "name one with sqlite:PATH");
}

std::shared_ptr<Session> connect(std::string_view uri, ConnectOptions options) {
  auto store = open_store(uri, options);
  return std::make_shared<Session>(std::move(store), std::move(options));
}

}  // namespace mongoelector
