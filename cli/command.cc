#include "cli/command.h"

namespace mongoelector::cli {

// Each stands in a file of its own.
#define MONGOELECTOR_COMMANDS(COMMAND) \
  COMMAND(lock)                        \
  COMMAND(run)                         \
  COMMAND(once)                        \
  COMMAND(status)                      \
  COMMAND(list)                        \
  COMMAND(leader)                      \
  COMMAND(members)                     \
  COMMAND(history)                     \
  COMMAND(watch)                       \
  COMMAND(wait)                        \
  COMMAND(stepdown)                    \
  COMMAND(switchover)                  \
  COMMAND(pause)                       \
  COMMAND(resume)                      \
  COMMAND(cordon)                      \
  COMMAND(uncordon)                    \
  COMMAND(release)                     \
  COMMAND(acquire)                     \
  COMMAND(renew)                       \
  COMMAND(config)                      \
  COMMAND(timing)                      \
  COMMAND(completion)                  \
  COMMAND(doctor)                      \
  COMMAND(init)                        \
  COMMAND(bench)                       \
  COMMAND(version)                     \
  COMMAND(help)

#define DECLARE(name) std::unique_ptr<Command> make_##name();
MONGOELECTOR_COMMANDS(DECLARE)
#undef DECLARE

std::vector<std::unique_ptr<Command>> all_commands() {
  std::vector<std::unique_ptr<Command>> commands;
#define MAKE(name) commands.push_back(make_##name());
  MONGOELECTOR_COMMANDS(MAKE)
#undef MAKE
  return commands;
}

std::unique_ptr<Command> find_command(std::string_view name) {
  for (auto& command : all_commands()) {
    const About& about = command->about();
    if (about.name == name || (!about.alias.empty() && about.alias == name))
      return std::move(command);
  }
  return nullptr;
}

}  // namespace mongoelector::cli
