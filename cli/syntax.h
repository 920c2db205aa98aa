// What can be typed after a command's name, as its parser knows it. Help, man pages and completion
// are all made of this, so that none of them can know something else.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace mongoelector::cli {

struct Word {
  std::vector<std::string> names;  // "-w", "--wait"; of an argument its name alone: "ELECTION"
  std::string value;               // what follows a flag: "DUR", "[SEC]", "kill|warn", or ""
  std::string meaning;
  bool is_flag = true;

  bool needs_value() const { return !value.empty() && value.front() != '['; }
  // The words that may follow the flag, or be the argument; empty: anything.
  std::vector<std::string> choices() const;
  bool names_a_file() const { return value == "FILE" || value == "PATH" || value == "DIR"; }
};

// Those of the command itself, in the order of its help.
std::vector<Word> words_of(Command& command);
// The flags of every command.
std::vector<Word> global_words();

}  // namespace mongoelector::cli
