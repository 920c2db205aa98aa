// Scripts that teach a shell what can be typed. They hold all the words, so that an answer starts
// no program and asks no store.
#pragma once

#include <string>

namespace mongoelector::cli {

std::string bash_completion();
std::string zsh_completion();
std::string fish_completion();

}  // namespace mongoelector::cli
