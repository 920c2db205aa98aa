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
Flag add_duration_to(Flags& flags, const std::string& names, Value& value,
                     const std::string& description) {
  const auto set = [flag = long_name(names), &value](const std::string& text) {
    value = parse_duration_flag(flag, text);
  };
  return flags.add_option(names, set, description).type_name("DUR");
}

}  // namespace

Flag add_duration(Flags& flags, const std::string& name, Duration& value,
                  const std::string& description) {
  return add_duration_to(flags, name, value, description);
}

Flag add_duration(Flags& flags, const std::string& name, std::optional<Duration>& value,
                  const std::string& description) {
  return add_duration_to(flags, name, value, description);
}

void add_global_flags(Flags& flags, Globals& globals) {
  flags.add_option("--config", globals.config,
                   "the configuration file; default: the first of those that help lists")
      .type_name("FILE");
  flags.add_option("--uri", globals.uri,
                   "the store: mongodb://..., mongodb+srv://..., sqlite:PATH or memory: (tests); "
                   "none: SQLite on this machine only")
      .type_name("URI");
  flags.add_option("--uri-file", globals.uri_file, "read the URI from a file; - is stdin")
      .type_name("FILE");
  flags.add_option("--password-file", globals.password_file,
                   "the password of a URI that names a user only; without it we ask on a terminal")
      .type_name("FILE");
  flags.add_option("--database", globals.database,
                   "MongoDB database; default: the one in the URI, else mongoelector")
      .type_name("NAME");
  flags.add_option("--collection-prefix", globals.collection_prefix,
                   "goes before the name of every MongoDB collection; default: none, which shares "
                   "with Python MongoElector")
      .type_name("TEXT");
  flags.add_flag("--require-shared", globals.require_shared,
                 "refuse a store that only this machine can see");
  flags.add_flag("--json", globals.json, "answer as JSON; errors as JSON too, on stderr");
  flags.add_option("-o,--output", globals.output,
                   "how to show the answer; jsonl: an object per line; wide has more columns "
                   "(list, members, history), name only names (list)")
      .type_name("table|wide|json|jsonl|name");
  add_duration(flags, "--timeout", globals.timeout,
               "longest wait for the store, default 10s; never bounds waiting for a lock");
  flags.add_flag("-q,--quiet", globals.quiet, "errors only on stderr");
  flags.add_flag("-v,--verbose", globals.verbose, "say more on stderr");
  flags.add_option("--log-format", globals.log_format,
                   "how to write messages to stderr; json: an object per line")
      .type_name("text|json");
  flags.add_flag("--no-color", globals.no_color, "no colour; there is none but on a terminal");
  flags.add_flag("--no-input", globals.no_input, "never ask");
  flags.add_flag("-y,--yes", globals.yes, "answer to \"go on?\"");
  flags.add_option("--confirm", globals.confirm, "answer to \"type the name to go on\"")
      .type_name("NAME");
  flags.add_flag("-h,--help", globals.help, "show help");
  flags.add_flag("--version", globals.version, "show the version");
}

bool wants_json_log(const Globals& globals) {
  const bool on_line = !globals.log_format.empty();
  const std::string word =
      on_line ? globals.log_format : environment("MONGOELECTOR_LOG_FORMAT").value_or("text");
  if (word == "json" || word == "text") return word == "json";
  throw Failure(on_line ? Exit::usage : Exit::config,
                fmt::format("{} is {}", on_line ? "--log-format" : "MONGOELECTOR_LOG_FORMAT",
                            internal::quoted(word)),
                "it may be text or json");
}

bool allows_color(const Globals& globals) {
  return !globals.no_color && !environment("NO_COLOR") && !environment("MONGOELECTOR_NO_COLOR") &&
         environment("TERM").value_or("dumb") != "dumb";
}

std::optional<std::string> environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

}  // namespace mongoelector::cli
