#include "cli/preparation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/records.h"

namespace mongoelector::cli {

namespace {

// On a standalone server each kind of lease has a collection of tokens beside it.
constexpr std::array<std::string_view, 8> kCollections{
    "mongolocker",          "elector.locks",  "mongolocker.tokens", "elector.locks.tokens",
    "elector.status",       "elector.history", "elector.control",   "mongolocker.waiters"};

Json privilege(const std::string& database, std::string_view collection, Json actions) {
  return {{"resource", {{"db", database}, {"collection", collection}}},
          {"actions", std::move(actions)}};
}

Json role_document(const std::string& database, const std::string& prefix) {
  Json privileges = Json::array();
  const std::vector<Broom> swept = brooms(prefix);
  for (const std::string_view name : kCollections) {
    const std::string collection = prefix + std::string(name);
    Json actions{"find", "insert", "update", "remove"};
    if (std::any_of(swept.begin(), swept.end(),
                    [&](const Broom& broom) { return broom.collection == collection; })) {
      actions.push_back("listIndexes");
      actions.push_back("createIndex");
    }
    privileges.push_back(privilege(database, collection, std::move(actions)));
  }
  // Wake-ups come from one change stream on the database.
  privileges.push_back(privilege(database, "", {"find", "changeStream"}));
  return {{"role", "mongoelector"},
          {"privileges", std::move(privileges)},
          {"roles", Json::array()}};
}

}  // namespace

std::string database_of(const StoreChoice& choice) {
  if (!choice.database.value.empty()) return choice.database.value;
  static constexpr char kDefault[] = "mongoelector";
  const std::size_t scheme = choice.uri.find("://");
  if (!choice.uri.starts_with("mongodb") || scheme == std::string::npos) return kDefault;
  const std::size_t end = choice.uri.find('?');
  const std::size_t slash = choice.uri.find('/', scheme + 3);
  if (slash >= end || slash == std::string::npos) return kDefault;
  const std::string name = choice.uri.substr(slash + 1, end - slash - 1);
  return name.empty() ? kDefault : name;
}

std::optional<std::string> sqlite_path(const StoreChoice& choice) {
  static constexpr std::string_view kScheme = "sqlite:";
  if (choice.uri.empty()) return default_sqlite_path();
  if (!choice.uri.starts_with(kScheme)) return std::nullopt;
  return choice.uri.substr(kScheme.size());
}

std::vector<Broom> brooms(const std::string& prefix) {
  return {{prefix + "mongolocker", "ts_expire", internal::kSweepLeasesAfter},
          {prefix + "elector.locks", "ts_expire", internal::kSweepLeasesAfter},
          {prefix + "elector.status", "timestamp", internal::kSweepMembersAfter},
          {prefix + "elector.history", "ts_written", internal::kKeepTermsFor}};
}

std::string role_commands(const std::string& database, const std::string& prefix) {
  const std::string quoted = Json(database).dump();
  return fmt::format(
      "// for mongosh, as an administrator; the password is asked for\n"
      "db.getSiblingDB({0}).createRole({1})\n"
      "db.getSiblingDB({0}).createUser({{user: \"mongoelector\", pwd: passwordPrompt(), "
      "roles: [\"mongoelector\"]}})\n",
      quoted, role_document(database, prefix).dump(2));
}

}  // namespace mongoelector::cli
