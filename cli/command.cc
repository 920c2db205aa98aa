#include "cli/command.h"

#include <algorithm>
#include <numeric>

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

namespace {

// Insertions, deletions, changes and swaps of neighbours that make `a` of `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  std::iota(cost[0].begin(), cost[0].end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::string suggestion(std::string_view name, const std::vector<std::string>& known) {
  std::string best;
  // A third of the letters may be wrong; more is another word.
  std::size_t least = std::max<std::size_t>(name.size() / 3, 1) + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance >= least) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

}  // namespace mongoelector::cli
