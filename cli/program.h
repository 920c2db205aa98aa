// From an argument list to an exit code.
#pragma once

#include <string>
#include <vector>

namespace mongoelector::cli {

// `arguments` without the program's name. Never throws.
int run_program(const std::vector<std::string>& arguments);

}  // namespace mongoelector::cli
