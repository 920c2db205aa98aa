#include "stores/mongo/privileges.h"

#include <algorithm>

namespace mongoelector::internal::mongo {

namespace {

constexpr int kUnauthorized = 13;
constexpr const char* kNeeded[] = {"find", "insert", "update", "remove"};

}  // namespace

bool Login::Privilege::covers(const std::string& where, const std::string& what) const {
  const auto names = [](const std::optional<std::string>& named, const std::string& ours) {
    return named && (named->empty() || *named == ours);
  };
  return anywhere || (names(database, where) && names(collection, what));
}

Login::Login(Call& call) {
  const Answer status = call.run(
      "admin", object({{"connectionStatus", std::int32_t{1}}, {"showPrivileges", true}}));
  const auto info = part(*status.reply, "authInfo");
  known_ = !status.failure && info;
  if (!known_) return;
  each(**info, "authenticatedUsers",
       [&](const bson_t& user) { user_ = text(user, "user").value_or(""); });
  each(**info, "authenticatedUserPrivileges", [&](const bson_t& document) {
    const auto resource = part(document, "resource");
    const auto actions = part(document, "actions");
    if (!resource || !actions) return;
    Privilege privilege{.anywhere = truth(**resource, "anyResource"),
                        .database = text(**resource, "db"),
                        .collection = text(**resource, "collection")};
    for (std::uint32_t i = 0; auto action = text(**actions, std::to_string(i).c_str()); ++i)
      privilege.actions.insert(*action);
    privileges_.push_back(std::move(privilege));
  });
}

bool Login::may(const std::string& action, const std::string& database,
                const std::string& collection) const {
  return !known_ || anonymous() ||
         std::any_of(privileges_.begin(), privileges_.end(), [&](const Privilege& privilege) {
           return privilege.actions.contains(action) && privilege.covers(database, collection);
         });
}

std::optional<std::string> Login::lacking(const std::string& database,
                                          const std::string& collection) const {
  std::string list;
  for (const std::string action : kNeeded)
    if (!may(action, database, collection)) list += (list.empty() ? "" : ", ") + action;
  if (list.empty()) return std::nullopt;
  return "the user " + user_ + " lacks " + list + " on " + database + "." + collection +
         "; the role readWrite on " + database + " would do";
}

std::string explain(Call& call, const Failure& failure, const std::string& database,
                    const std::string& collection) {
  if (failure.source != Source::server || failure.code != kUnauthorized) return failure.message;
  const Login login(call);
  if (login.anonymous()) return "the server wants a user and a password, and the URI names none";
  return login.lacking(database, collection)
      .value_or("the server does not permit it to this user");
}

}  // namespace mongoelector::internal::mongo
