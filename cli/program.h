// From an argument list to an exit code.
#pragma once

#include <string>
#include <vector>

namespace mongoelector::cli {

// The words of the command line without the program's name. Passwords in URIs are overwritten in
// argv, where other users of the machine can read them; call this first.
std::vector<std::string> take_arguments(int argc, char** argv);

// `arguments` without the program's name. Never throws.
int run_program(const std::vector<std::string>& arguments);

}  // namespace mongoelector::cli
