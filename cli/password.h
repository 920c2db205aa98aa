// The password of a URI that names a user only: from a file, or typed on a terminal.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "cli/session.h"

namespace mongoelector::cli {

// Whether it names a user on a server, and no password.
bool lacks_password(std::string_view uri);

// Puts the password where the URI lacks it. Asks only if there is a terminal, --no-input is not
// given, and the mechanism takes one. Throws Failure; no message shows any of it.
// `interrupted` hears of a signal that ends the process meanwhile.
void add_password(Context& context, StoreChoice& choice,
                  const std::function<void(int)>& interrupted = {});

}  // namespace mongoelector::cli
