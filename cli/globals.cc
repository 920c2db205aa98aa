#include "cli/globals.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/text.h"

namespace mongoelector::cli {

Duration parse_duration_flag(const std::string& flag, const std::string& text) {
  const auto value = internal::parse_duration(text);
  if (value) return *value;
  throw Failure(Exit::usage, fmt::format("{} {} is not a duration", flag, internal::quoted(text)),
                "write 250ms, 15s, 1m30s or 2h; a bare number is seconds");
}

namespace {

// "-w,--wait" -> "--wait"
std::string long_name(const std::string& names) { return names.substr(names.rfind(',') + 1); }

template <class Value>
CLI::Option* add_duration_to(CLI::App& app, const std::string& names, Value& value,
                             const std::string& description) {
  const auto set = [flag = long_name(names), &value](const std::string& text) {
    value = parse_duration_flag(flag, text);
  };
  return app.add_option_function<std::string>(names, set, description)->type_name("DUR");
}

}  // namespace

CLI::Option* add_duration(CLI::App& app, const std::string& name, Duration& value,
                          const std::string& description) {
  return add_duration_to(app, name, value, description);
}

CLI::Option* add_duration(CLI::App& app, const std::string& name, std::optional<Duration>& value,
                          const std::string& description) {
  return add_duration_to(app, name, value, description);
}

void add_global_flags(CLI::App& app, Globals& globals) {
  app.add_option("--config", globals.config,
                 "the configuration file; default: the first of those that help lists")
      ->type_name("FILE");
  app.add_option("--uri", globals.uri,
                 "the store: mongodb://..., mongodb+srv://..., sqlite:PATH or memory: (tests); "
                 "none: SQLite on this machine only")
      ->type_name("URI");
  app.add_option("--uri-file", globals.uri_file, "read the URI from a file; - is stdin")
      ->type_name("FILE");
  app.add_option("--database", globals.database,
                 "MongoDB database; default: the one in the URI, else mongoelector")
      ->type_name("NAME");
  app.add_flag("--require-shared", globals.require_shared,
               "refuse a store that only this machine can see");
  app.add_flag("--json", globals.json, "answer as JSON; errors as JSON too, on stderr");
  add_duration(app, "--timeout", globals.timeout,
               "longest wait for the store, default 10s; never bounds waiting for a lock");
  app.add_flag("-q,--quiet", globals.quiet, "errors only on stderr");
  app.add_flag("-v,--verbose", globals.verbose, "say more on stderr");
  app.add_flag("--no-input", globals.no_input, "never ask");
  app.add_flag("-y,--yes", globals.yes, "answer to \"go on?\"");
  app.add_option("--confirm", globals.confirm, "answer to \"type the name to go on\"")
      ->type_name("NAME");
  app.add_flag("-h,--help", globals.help, "show help");
  app.add_flag("--version", globals.version, "show the version");
}

std::optional<std::string> environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

}  // namespace mongoelector::cli
