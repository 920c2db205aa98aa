#include "cli/config_file.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <toml++/toml.h>
#include <utility>

#include "base/text.h"
#include "cli/command.h"

namespace mongoelector::cli {

namespace {

constexpr char kName[] = "mongoelector/config.toml";

std::string at_line(const std::string& path, const toml::source_region& where) {
  return fmt::format("{}:{}", path, where.begin.line);
}

bool exists(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  throw Failure(Exit::config, fmt::format("cannot look at {}: {}", path, std::strerror(errno)));
}

// Whoever can write a project's file tells us where the store is; in a folder like /tmp that
// could be anybody.
void refuse_foreign(const ConfigPlace& place) {
  struct stat status {};
  if (place.origin != "project" || stat(place.path.c_str(), &status) != 0) return;
  const bool ours = status.st_uid == geteuid() || status.st_uid == 0;
  if (ours && (status.st_mode & S_IWOTH) == 0) return;
  throw Failure(Exit::config,
                fmt::format("{} could have been written by somebody else", place.path),
                "change its owner or mode, or name it with --config");
}

toml::table parse(const ConfigPlace& place) {
  try {
    return toml::parse(read_file(place.path, place.origin), place.path);
  } catch (const toml::parse_error& error) {
    throw Failure(Exit::config,
                  fmt::format("{}: {}", at_line(place.path, error.source()), error.description()));
  }
}

// Empty: not of the type that is wanted.
std::string text_of(const toml::node& node, bool wants_a_flag) {
  if (wants_a_flag) {
    const auto flag = node.value_exact<bool>();
    return !flag ? "" : *flag ? "true" : "false";
  }
  return node.value_exact<std::string>().value_or("");
}

}  // namespace

std::string read_file(const std::string& path, const std::string& origin) {
  std::ifstream in;
  in.exceptions(std::ios::failbit | std::ios::badbit);
  try {
    in.open(path);
    return {std::istreambuf_iterator<char>(in), {}};
  } catch (const std::ios_base::failure&) {
    throw Failure(Exit::config,
                  fmt::format("{}: cannot read {}: {}", origin, path, std::strerror(errno)));
  }
}

std::vector<ConfigPlace> config_places() {
  std::vector<ConfigPlace> places{{".mongoelector.toml", "project"}};
  if (const auto folder = environment("XDG_CONFIG_HOME"))
    places.push_back({fmt::format("{}/{}", *folder, kName), "user"});
  else if (const auto home = environment("HOME"))
    places.push_back({fmt::format("{}/.config/{}", *home, kName), "user"});
  places.push_back({fmt::format("/etc/{}", kName), "system"});
  return places;
}

std::optional<ConfigPlace> find_config(const Globals& globals) {
  if (globals.config) return ConfigPlace{*globals.config, "--config"};
  if (const auto named = environment("MONGOELECTOR_CONFIG"))
    return ConfigPlace{*named, "MONGOELECTOR_CONFIG"};
  for (const ConfigPlace& place : config_places())
    if (exists(place.path)) return place;
  return std::nullopt;
}

ConfigFile read_config(const ConfigPlace& place) {
  refuse_foreign(place);
  ConfigFile file;
  const std::vector<std::pair<std::string, std::optional<Setting>*>> keys{
      {"uri", &file.uri},
      {"uri_file", &file.uri_file},
      {"password_file", &file.password_file},
      {"database", &file.database},
      {"collection_prefix", &file.collection_prefix},
      {"require_shared", &file.require_shared}};
  for (const auto& [key, node] : parse(place)) {
    const std::string name(key.str());
    const std::string where = at_line(place.path, key.source());
    std::optional<Setting>* setting = nullptr;
    std::vector<std::string> known;
    for (const auto& [one, value] : keys) {
      known.push_back(one);
      if (one == name) setting = value;
    }
    if (setting == nullptr) {
      const std::string similar = suggestion(name, known);
      throw Failure(Exit::config, fmt::format("{}: there is no key {}", where, shown(name)),
                    similar.empty() ? fmt::format("known are {}", fmt::join(known, ", "))
                                    : fmt::format("did you mean {}?", similar));
    }
    const bool flag = setting == &file.require_shared;
    std::string text = text_of(node, flag);
    if (text.empty()) {
      throw Failure(Exit::config, fmt::format("{}: {} has to be {}", where, name,
                                              flag ? "true or false" : "a text in quotes"));
    }
    *setting = Setting{std::move(text), fmt::format("{} at {}", name, where)};
  }
  for (std::optional<Setting>* named : {&file.uri_file, &file.password_file}) {
    if (!*named) continue;
    std::string& path = (*named)->value;
    path = (std::filesystem::path(place.path).parent_path() / path).string();
  }
  return file;
}

}  // namespace mongoelector::cli
