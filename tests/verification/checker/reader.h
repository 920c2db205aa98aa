// Text to history: JSON Lines as ../README.md says, or the document of `mongoelector history
// --json`. Nothing is ever skipped: the first line that is not understood ends the reading.
#pragma once

#include <istream>
#include <optional>
#include <string>
#include <string_view>

#include "verification/checker/history.h"

namespace verification {

// Adds what `in` holds to `history`. On trouble says where and what, as "name:line: what"; the
// history is of no use then. A text without any record is trouble too: it would prove nothing.
std::optional<std::string> read(std::istream& in, std::string_view name, History& history);

// All of it at once: 0 legal, 1 a promise is broken, 2 cannot be read. Throws nothing of its own.
int check_text(std::string_view text);

}  // namespace verification
