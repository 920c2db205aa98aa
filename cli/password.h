// The password of a URI that names a user only: from a file, or typed on a terminal.
#pragma once

#include <string>
#include <string_view>

#include "cli/session.h"

namespace mongoelector::cli {

// Whether it names a user on a server, and no password.
bool lacks_password(std::string_view uri);

// Puts the password where the URI lacks it. Asks only if there is a terminal, --no-input is not
// given, and the mechanism takes one. Throws Failure; no message shows any of it.
void add_password(Context& context, StoreChoice& choice);

}  // namespace mongoelector::cli
