#include "cli/consent.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <iostream>

#include "base/host_name.h"
#include "base/text.h"

namespace mongoelector::cli {

// Both ends: a question that nobody sees is none.
bool somebody_is_there(const Globals& globals) {
  return !globals.no_input && isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0;
}

void agree(const Context& context, const Question& question) {
  const Globals& globals = context.globals;
  const bool severe = question.risk == Risk::severe;
  if (globals.confirm == question.name || (!severe && globals.yes)) return;
  if (!globals.confirm.empty()) {
    throw Failure(Exit::usage,
                  fmt::format("--confirm says {}, but the name is {}",
                              internal::quoted(globals.confirm), internal::quoted(question.name)));
  }
  if (!somebody_is_there(globals)) {
    throw Failure(Exit::usage, question.action + " needs a confirmation",
                  severe ? "add --confirm " + shown(question.name) : "add --yes");
  }
  context.out.prompt(question.stakes +
                     (severe ? "Type the name to go on: " : "Go on? [y/N] "));
  std::string typed;
  std::getline(std::cin, typed);
  const bool agreed = severe ? typed == question.name : typed == "y" || typed == "yes";
  if (agreed) return;
  throw Failure(Exit::usage, severe ? "that is not the name; nothing was done"
                                    : "not agreed to; nothing was done");
}

std::string whoami() {
  const passwd* user = getpwuid(getuid());
  const std::string name = user != nullptr ? user->pw_name : std::to_string(getuid());
  return name + "@" + internal::host_name();
}

}  // namespace mongoelector::cli
