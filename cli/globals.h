// Flags that every command takes, before or after its name, and the environment behind them.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "cli/flags.h"
#include "cli/output.h"
#include "mongoelector/lease.h"

namespace mongoelector::cli {

struct Globals {
  std::optional<std::string> config = {};
  std::optional<std::string> uri = {};
  std::optional<std::string> uri_file = {};
  std::optional<std::string> password_file = {};
  std::optional<std::string> database = {};
  std::optional<std::string> collection_prefix = {};
  bool require_shared = false;
  bool json = false;
  std::string output = {};      // a word, see choose_format()
  std::string log_format = {};  // a word, see wants_json_log()
  bool no_color = false;
  std::optional<Duration> timeout = {};
  bool quiet = false;
  bool verbose = false;
  bool no_input = false;  // never ask
  bool yes = false;
  std::string confirm = {};
  bool help = false;
  bool version = false;
};

// What bounds one command's store work, unless --timeout says otherwise.
inline constexpr Duration kDefaultTimeout = std::chrono::seconds(10);

struct EnvironmentVariable {
  std::string_view name;
  std::string_view meaning;
};

inline constexpr std::array<EnvironmentVariable, 14> kEnvironment{{
    {"MONGOELECTOR_URI", "as --uri"},
    {"MONGOELECTOR_URI_FILE", "as --uri-file"},
    {"MONGODB_URI", "as --uri, if neither of the two above is set"},
    {"MONGOELECTOR_PASSWORD_FILE", "as --password-file"},
    {"MONGOELECTOR_DATABASE", "as --database"},
    {"MONGOELECTOR_COLLECTION_PREFIX", "as --collection-prefix"},
    {"MONGOELECTOR_REQUIRE_SHARED", "1: as --require-shared"},
    {"MONGOELECTOR_CONFIG", "as --config"},
    {"MONGOELECTOR_OUTPUT", "table, wide, json, jsonl or name: as -o, where a command has that"},
    {"MONGOELECTOR_LOG_FORMAT", "text or json: as --log-format"},
    {"MONGOELECTOR_NO_COLOR", "anything: as --no-color"},
    {"NO_COLOR", "the same"},
    {"TERM", "dumb, or not set: as --no-color"},
    {"MONGOELECTOR_REPORT_FILE", "as --report-fd, but a file"},
}};

struct KnownFile {
  std::string_view name;
  std::string_view meaning;
};

inline constexpr std::array<KnownFile, 4> kFiles{{
    {".mongoelector.toml", "configuration of a project, in the folder where the tool is started"},
    {"$XDG_CONFIG_HOME/mongoelector/config.toml",
     "configuration of a user; default: ~/.config/mongoelector/config.toml"},
    {"/etc/mongoelector/config.toml", "configuration of this machine"},
    {"leases.db",
     "the store if none is named: in $STATE_DIRECTORY, or for root in /var/lib/mongoelector, else "
     "in $XDG_STATE_HOME/mongoelector or ~/.local/state/mongoelector"},
}};

void add_global_flags(Flags& flags, Globals& globals);

// The value of an environment variable; nothing if it is unset or empty.
std::optional<std::string> environment(std::string_view name);

// A flag that takes a duration. One parser and one error text for all of them.
Flag add_duration(Flags& flags, const std::string& name, Duration& value,
                  const std::string& description);
Flag add_duration(Flags& flags, const std::string& name, std::optional<Duration>& value,
                  const std::string& description);

// What --log-format or MONGOELECTOR_LOG_FORMAT says. Throws Failure.
bool wants_json_log(const Globals& globals);

// Whether nobody has forbidden colour; a terminal it takes besides.
bool allows_color(const Globals& globals);

// Throws Failure that names `flag`.
Duration parse_duration_flag(const std::string& flag, const std::string& text);

}  // namespace mongoelector::cli
