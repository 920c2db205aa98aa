// What can be typed after a command's name, as its parser knows it.
#pragma once

#include <vector>

#include "cli/command.h"

namespace mongoelector::cli {

// Those of the command itself, in the order of its help.
std::vector<Word> words_of(Command& command);
// The flags of every command.
std::vector<Word> global_words();

}  // namespace mongoelector::cli
