// Flags that every command takes, before or after its name, and the environment behind them.
#pragma once

#include <CLI/CLI.hpp>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "cli/output.h"
#include "mongoelector/lease.h"

namespace mongoelector::cli {

struct Globals {
  std::optional<std::string> uri = {};
  std::optional<std::string> uri_file = {};
  std::string database = {};
  bool require_shared = false;
  bool json = false;
  std::optional<Duration> timeout = {};
  bool quiet = false;
  bool verbose = false;
  bool no_input = false;  // never ask
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

inline constexpr std::array<EnvironmentVariable, 5> kEnvironment{{
    {"MONGOELECTOR_URI", "as --uri"},
    {"MONGOELECTOR_URI_FILE", "as --uri-file"},
    {"MONGODB_URI", "as --uri, if neither of the two above is set"},
    {"MONGOELECTOR_DATABASE", "as --database"},
    {"MONGOELECTOR_REQUIRE_SHARED", "1: as --require-shared"},
}};

void add_global_flags(CLI::App& app, Globals& globals);

// Fills in from the environment what no flag said. Throws Failure for values that make no sense.
void apply_environment(Globals& globals);

// The value of an environment variable; nothing if it is unset or empty.
std::optional<std::string> environment(std::string_view name);

// A flag that takes a duration. One parser and one error text for all of them.
CLI::Option* add_duration(CLI::App& app, const std::string& name, Duration& value,
                          const std::string& description);
CLI::Option* add_duration(CLI::App& app, const std::string& name, std::optional<Duration>& value,
                          const std::string& description);

// Throws Failure that names `flag`.
Duration parse_duration_flag(const std::string& flag, const std::string& text);

}  // namespace mongoelector::cli
