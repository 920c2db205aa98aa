// What the server lets us do, said so that somebody can act on it: its own refusals quote whole
// commands. Needs no privilege itself.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "stores/mongo/driver.h"

namespace mongoelector::internal::mongo {

// Who we are to the server, asked once.
class Login {
 public:
  Login() = default;  // we did not ask: nothing is known
  explicit Login(Call& call);

  // The server takes us for nobody: it wants no user, or we named none.
  bool anonymous() const { return known_ && user_.empty(); }
  // Whether this user may do `action` there. True too if the server does not say, or wants no user.
  bool may(const std::string& action, const std::string& database,
           const std::string& collection) const;
  // "the user app lacks update on ops.mongolocker; the role readWrite on ops would do". Nothing if
  // all that leases need is there, or if the server does not say.
  std::optional<std::string> lacking(const std::string& database,
                                     const std::string& collection) const;

 private:
  struct Privilege {
    bool anywhere = false;
    std::optional<std::string> database = {};  // empty text: any
    std::optional<std::string> collection = {};
    std::set<std::string> actions = {};

    bool covers(const std::string& where, const std::string& what) const;
  };

  bool known_ = false;
  std::string user_;
  std::vector<Privilege> privileges_;
};

// The failure's message, or something better if it is about who we are.
std::string explain(Call& call, const Failure& failure, const std::string& database,
                    const std::string& collection);

}  // namespace mongoelector::internal::mongo
