// What the server lets us do, said so that somebody can act on it: its own refusals quote whole
// commands. Needs no privilege itself.
#pragma once

#include <optional>
#include <string>

#include "stores/mongo/driver.h"

namespace mongoelector::internal::mongo {

// "the user app lacks update on ops.mongolocker; the role readWrite on ops would do". Nothing if
// all that leases need is there, or if the server does not say.
std::optional<std::string> lacking_privileges(Call& call, const std::string& database,
                                              const std::string& collection);

// The failure's message, or something better if it is about who we are.
std::string explain(Call& call, const Failure& failure, const std::string& database,
                    const std::string& collection);

}  // namespace mongoelector::internal::mongo
