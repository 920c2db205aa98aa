// Man pages, from what help is made of.
#pragma once

#include <string>

namespace mongoelector::cli {

// mongoelector.1 and mongoelector-COMMAND.1 for each command, into an existing or new folder.
// Throws Failure.
void write_man_pages(const std::string& folder);

}  // namespace mongoelector::cli
