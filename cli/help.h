// Help, built from what commands say about themselves.
#pragma once

#include <string>

#include "cli/command.h"

namespace mongoelector::cli {

std::string main_help();
std::string help_of(Command& command);

// The failure for a word that is no command.
Failure unknown_command(const std::string& word);

}  // namespace mongoelector::cli
