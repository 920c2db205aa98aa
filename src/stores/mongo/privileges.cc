#include "stores/mongo/privileges.h"

#include <set>

namespace mongoelector::internal::mongo {

namespace {

constexpr int kUnauthorized = 13;
constexpr const char* kNeeded[] = {"find", "insert", "update", "remove"};

// Calls `take` with each document of the array `name` of `document`.
template <class Take>
void each(const bson_t& document, const char* name, const Take& take) {
  const auto items = part(document, name);
  for (std::uint32_t i = 0; items; ++i) {
    const auto item = part(**items, std::to_string(i).c_str());
    if (!item) return;
    take(**item);
  }
}

bool covers(const bson_t& resource, const std::string& database, const std::string& collection) {
  if (truth(resource, "anyResource")) return true;
  const auto names = [&](const char* what, const std::string& ours) {
    const auto named = text(resource, what);
    return named && (named->empty() || *named == ours);  // empty: any
  };
  return names("db", database) && names("collection", collection);
}

struct Login {
  std::string user;  // empty: nobody
  std::set<std::string> actions;
};

std::optional<Login> login(Call& call, const std::string& database,
                           const std::string& collection) {
  const Answer status = call.run(
      "admin", object({{"connectionStatus", std::int32_t{1}}, {"showPrivileges", true}}));
  const auto info = part(*status.reply, "authInfo");
  if (status.failure || !info) return std::nullopt;
  Login result;
  each(**info, "authenticatedUsers",
       [&](const bson_t& user) { result.user = text(user, "user").value_or(""); });
  each(**info, "authenticatedUserPrivileges", [&](const bson_t& privilege) {
    const auto resource = part(privilege, "resource");
    const auto actions = part(privilege, "actions");
    if (!resource || !actions || !covers(**resource, database, collection)) return;
    for (std::uint32_t i = 0; auto action = text(**actions, std::to_string(i).c_str()); ++i)
      result.actions.insert(*action);
  });
  return result;
}

}  // namespace

std::optional<std::string> lacking_privileges(Call& call, const std::string& database,
                                              const std::string& collection) {
  const auto who = login(call, database, collection);
  if (!who || who->user.empty()) return std::nullopt;
  std::string lacking;
  for (const std::string action : kNeeded)
    if (!who->actions.contains(action)) lacking += (lacking.empty() ? "" : ", ") + action;
  if (lacking.empty()) return std::nullopt;
  return "the user " + who->user + " lacks " + lacking + " on " + database + "." + collection +
         "; the role readWrite on " + database + " would do";
}

std::string explain(Call& call, const Failure& failure, const std::string& database,
                    const std::string& collection) {
  if (failure.source != Source::server || failure.code != kUnauthorized) return failure.message;
  const auto who = login(call, database, collection);
  if (who && who->user.empty())
    return "the server wants a user and a password, and the URI names none";
  return lacking_privileges(call, database, collection)
      .value_or("the server does not permit it to this user");
}

}  // namespace mongoelector::internal::mongo
