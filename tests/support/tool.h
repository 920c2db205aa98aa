// The real tool, run as a user would run it.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "support/process.h"

namespace mongoelector::test {

inline std::vector<std::string> tool_command(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), MONGOELECTOR_CLI);
  return arguments;
}

inline Finished run_tool(std::vector<std::string> arguments, const ProcessOptions& options = {}) {
  return run_process(tool_command(std::move(arguments)), options);
}

}  // namespace mongoelector::test
