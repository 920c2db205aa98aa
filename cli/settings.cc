#include "cli/settings.h"

#include <fmt/format.h>

#include "base/text.h"

namespace mongoelector::cli {

namespace {

using Value = std::optional<Setting>;

Value said(std::optional<std::string> value, const std::string& origin) {
  if (!value) return std::nullopt;
  return Setting{std::move(*value), origin};
}

Value from_environment(const std::string& name) { return said(environment(name), name); }

// One level: a URI or a file with one, not both. False: neither.
bool choose(Settings& settings, Value uri, Value file) {
  if (uri && file) {
    throw Failure(Exit::config, fmt::format("{} and {} are both given", uri->origin, file->origin),
                  "remove one");
  }
  settings.uri = std::move(uri);
  settings.uri_file = std::move(file);
  return settings.uri || settings.uri_file;
}

Setting first_of(Value flag, Value variable, Value key) {
  for (Value* one : {&flag, &variable, &key})
    if (*one) return std::move(**one);
  return {};
}

Value shared_from_environment() {
  Value value = from_environment("MONGOELECTOR_REQUIRE_SHARED");
  if (!value) return value;
  if (value->value != "0" && value->value != "1") {
    throw Failure(Exit::config, fmt::format("{} is {}; it may be 0 or 1", value->origin,
                                            internal::quoted(value->value)));
  }
  value->value = value->value == "1" ? "true" : "false";
  return value;
}

}  // namespace

Settings settings_of(const Globals& globals) {
  if (globals.uri && globals.uri->empty()) throw Failure(Exit::usage, "--uri is empty");
  const auto place = find_config(globals);
  const ConfigFile file = place ? read_config(*place) : ConfigFile{};
  Settings settings;
  choose(settings, said(globals.uri, "--uri"), said(globals.uri_file, "--uri-file")) ||
      choose(settings, from_environment("MONGOELECTOR_URI"),
             from_environment("MONGOELECTOR_URI_FILE")) ||
      choose(settings, from_environment("MONGODB_URI"), {}) ||
      choose(settings, file.uri, file.uri_file);

  settings.password_file = first_of(said(globals.password_file, "--password-file"),
                                    from_environment("MONGOELECTOR_PASSWORD_FILE"),
                                    file.password_file);
  settings.database = first_of(said(globals.database, "--database"),
                               from_environment("MONGOELECTOR_DATABASE"), file.database);
  settings.collection_prefix = first_of(said(globals.collection_prefix, "--collection-prefix"),
                                        from_environment("MONGOELECTOR_COLLECTION_PREFIX"),
                                        file.collection_prefix);

  Value shared = shared_from_environment();
  if (globals.require_shared)
    shared = Setting{"true", "--require-shared"};
  else if (!shared)
    shared = file.require_shared;
  if (shared) {
    settings.require_shared = shared->value == "true";
    settings.require_shared_origin = shared->origin;
  }
  return settings;
}

}  // namespace mongoelector::cli
