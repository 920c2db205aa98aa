// What a person agrees to before it is done.
//
// A moderate risk is agreed to with "y", --yes or --confirm NAME; a severe one by naming the thing:
// typed, or with --confirm NAME. Asked on a terminal only, and never with --no-input.
#pragma once

#include <string>

#include "cli/command.h"

namespace mongoelector::cli {

enum class Risk { moderate, severe };

struct Question {
  Risk risk = Risk::moderate;
  std::string name;    // of the thing
  std::string stakes;  // what will happen, shown before asking; whole lines
  std::string action;  // what is refused without consent: "breaking lock \"a\""
};

// Returns if the user agrees. Throws Failure if not, or if nobody can be asked.
void agree(const Context& context, const Question& question);

// Whether anybody can be asked anything.
bool somebody_is_there(const Globals& globals);

// Who is asking, as others will read it: user@host.
std::string whoami();

}  // namespace mongoelector::cli
