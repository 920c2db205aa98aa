// Tortures real processes on a real store, and judges what they saw.
//
//   torture [--store sqlite|mongodb] [--seed N] [--seconds 60] [--histories K] [--json FILE]
//           [--mix everything|pauses|kills|network|failover|cpu|each] [--keep DIR]
//           [--without freezer,cpu,kill,network] [--bug none|lies|slow_clock]
//   torture stress [--uri URI] [--threads 50] [--processes 8] [--acquisitions 1000]
//
// --histories takes the seeds from N on; --mix each goes through the mixes; --keep leaves the
// evidence there; --without leaves facilities alone; --bug plants one in the workers.
//
// Ends with 0 when every promise was kept, 1 when one was broken, 2 when it could not be run. Its
// other commands are what it starts: enter, worker, child, stress-process.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>

#include "support/replica_set.h"
#include "support/temp_dir.h"
#include "torture/program/arguments.h"
#include "torture/program/facilities.h"
#include "torture/program/history.h"
#include "torture/program/report.h"
#include "torture/program/stress.h"
#include "torture/program/worker.h"

namespace mongoelector::torture {
namespace {

constexpr int kBroken = 1;
constexpr int kCannotRun = 2;

struct Options {
  std::string store;
  std::uint64_t seed;
  std::int64_t seconds;
  std::int64_t histories;
  std::string mix;
  std::string json;
  std::string keep;
  std::string without;
  std::string bug;

  explicit Options(const Arguments& arguments)
      : store(arguments.word("store", {"sqlite", "mongodb"})),
        seed(static_cast<std::uint64_t>(arguments.number("seed", 1, 0))),
        seconds(arguments.number("seconds", 60, 1)),
        histories(arguments.number("histories", 1, 1)),
        json(arguments.text("json")),
        keep(arguments.text("keep")),
        without(arguments.text("without")),
        bug(arguments.word("bug", {"none", "lies", "slow_clock"})) {
    std::vector<std::string> allowed{"everything", "each"};
    allowed.insert(allowed.end(), mixes().begin(), mixes().end());
    mix = arguments.word("mix", allowed);
    for (const std::string& name : unwanted())
      if (!std::set<std::string>{"freezer", "cpu", "kill", "network"}.contains(name))
        throw std::invalid_argument("--without does not know " + name);
  }

  Store kind() const { return store == "sqlite" ? Store::sqlite : Store::mongodb; }
  std::set<std::string> unwanted() const {
    std::set<std::string> names;
    std::istringstream list(without);
    for (std::string name; std::getline(list, name, ',');) names.insert(name);
    return names;
  }
};

Bug bug_named(const std::string& name) {
  if (name == "lies") return Bug::lies;
  return name == "slow_clock" ? Bug::slow_clock : Bug::none;
}

std::string own_path() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

// The same schedule again. What the machine makes of it is another matter.
std::string replay(const Options& options, const HistoryPlan& plan) {
  std::ostringstream command;
  command << "build/bin/torture --store " << options.store << " --seed " << plan.seed
          << " --seconds " << plan.seconds << " --mix " << plan.mix;
  if (options.bug != "none") command << " --bug " << options.bug;
  if (!options.without.empty()) command << " --without " << options.without;
  return command.str();
}

void keep(const HistoryPlan& plan, const std::string& where) {
  const auto target =
      std::filesystem::path(where) / std::filesystem::path(plan.directory).filename();
  std::filesystem::create_directories(target);
  std::filesystem::copy(plan.directory, target,
                        std::filesystem::copy_options::recursive |
                            std::filesystem::copy_options::overwrite_existing);
  std::cout << "kept in " << target.string() << "\n";
}

int run_histories(const Options& options, const std::string& directory) {
  const Facilities facilities = probe(options.kind(), options.unwanted());
  Summary summary{.store = options.kind(), .seconds = options.seconds, .missing = {}, .total = {}};
  for (const std::string& missing : facilities.missing) {
    summary.missing.push_back(missing);
    std::cout << "THIS MACHINE CANNOT: " << missing << std::endl;
  }
  std::optional<test::ReplicaSet> set;
  if (options.kind() == Store::mongodb) set.emplace(test::ReplicaSet::Links::proxied);
  for (std::int64_t i = 0; i < options.histories; ++i) {
    const std::uint64_t seed = options.seed + static_cast<std::uint64_t>(i);
    const HistoryPlan plan{
        .store = options.kind(),
        .seed = seed,
        .seconds = options.seconds,
        .mix = options.mix == "each" ? mixes()[seed % mixes().size()] : options.mix,
        .bug = bug_named(options.bug),
        .directory = directory + "/" + options.store + "-" + std::to_string(seed),
        .self = own_path(),
        .tool = std::filesystem::path(own_path()).parent_path() / "mongoelector"};
    const Outcome outcome = run_history(plan, facilities, set ? &*set : nullptr);
    summary.add(outcome);
    std::cout << options.store << " seed " << seed << " (" << plan.mix << "): " << outcome.terms
              << " terms, " << outcome.violations.size() << " violations" << std::endl;
    for (const std::string& violation : outcome.violations)
      std::cout << "VIOLATION: " << violation << "\n";
    if (!outcome.violations.empty()) {
      std::cout << "seed " << seed << ", commit " << commit() << "; to do the same again:\n  "
                << replay(options, plan) << std::endl;
    }
    if (!options.keep.empty()) keep(plan, options.keep);
    std::filesystem::remove_all(plan.directory);
  }
  print_table(summary, std::cout);
  if (!options.json.empty()) write_json(summary, options.json);
  return summary.total.violations.empty() ? 0 : kBroken;
}

// Kills whoever has lost his parent, until nobody is left: guardians that stand still, for one.
void end_orphans() {
  for (;;) {
    std::ifstream file("/proc/self/task/" + std::to_string(getpid()) + "/children");
    for (pid_t pid; file >> pid;) kill(pid, SIGKILL);
    if (waitpid(-1, nullptr, 0) < 0 && errno == ECHILD) return;
  }
}

volatile sig_atomic_t asked_to_end = 0;

// The torture runs in a child, so that whatever becomes of it, somebody is left who cleans up.
int run_in_child(const std::function<int(const std::string&)>& work) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const test::TempDir directory;
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(kCannotRun);
    // Servers keep their data there too.
    setenv("TMPDIR", directory.path().c_str(), 1);
    setenv("MONGOC_DISABLE_SHM", "1", 1);
    int code = kCannotRun;
    try {
      code = work(directory.path());
    } catch (const std::exception& error) {
      std::cerr << "torture: " << error.what() << "\n";
    }
    std::cout.flush();
    _exit(code);
  }
  struct sigaction end {};
  end.sa_handler = [](int) { asked_to_end = 1; };
  sigaction(SIGINT, &end, nullptr);
  sigaction(SIGTERM, &end, nullptr);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && asked_to_end == 0) {
  }
  if (asked_to_end != 0) kill(child, SIGKILL);
  end_groups(child);
  end_orphans();
  sweep(child);
  return WIFEXITED(status) && asked_to_end == 0 ? WEXITSTATUS(status) : kCannotRun;
}

int stress(const Arguments& arguments, const std::string& directory) {
  return run_stress(
      {.uri = arguments.text("uri", "sqlite:" + directory + "/leases.db"),
       .counter = directory + "/counter",
       .self = own_path(),
       .threads = static_cast<int>(arguments.number("threads", 50, 1)),
       .processes = static_cast<int>(arguments.number("processes", 8, 0)),
       .acquisitions = arguments.number("acquisitions", 1000, 1)});
}

// Commands that the torture starts.
std::optional<int> run_part(const std::string& command, const std::vector<std::string>& words) {
  if (command == "enter") {
    const Arguments arguments(words, {"group", "network"});
    throw std::runtime_error(
        enter_and_exec(arguments.all("group"), arguments.text("network"), arguments.rest()));
  }
  if (command == "worker") {
    const Arguments arguments(
        words, {"name", "uri", "evidence", "registers", "ttl", "seed", "bug"});
    return run_worker({.name = arguments.text("name"),
                       .uri = arguments.text("uri"),
                       .evidence = arguments.text("evidence"),
                       .registers = arguments.text("registers"),
                       .ttl = std::chrono::milliseconds(arguments.number("ttl", 0, 1)),
                       .seed = static_cast<std::uint64_t>(arguments.number("seed", 0, 0)),
                       .bug = bug_named(arguments.text("bug"))});
  }
  if (command == "child") {
    const Arguments arguments(words, {"holds", "name", "evidence", "registers", "seed"});
    return run_child({.name = arguments.text("name"),
                      .evidence = arguments.text("evidence"),
                      .registers = arguments.text("registers"),
                      .election = arguments.word("holds", {"election", "lock"}) == "election",
                      .seed = static_cast<std::uint64_t>(arguments.number("seed", 0, 0))});
  }
  if (command == "stress-process") {
    const Arguments arguments(words, {"uri", "counter", "acquisitions"});
    return run_stress_process({.uri = arguments.text("uri"),
                               .counter = arguments.text("counter"),
                               .self = {},
                               .acquisitions = arguments.number("acquisitions", 1, 1)});
  }
  return std::nullopt;
}

int run(std::vector<std::string> words) {
  std::string command;
  if (!words.empty() && !words.front().starts_with("--")) {
    command = words.front();
    words.erase(words.begin());
  }
  if (const auto code = run_part(command, words)) return *code;
  if (command == "stress") {
    const Arguments arguments(words, {"uri", "threads", "processes", "acquisitions"});
    return run_in_child([&](const std::string& place) { return stress(arguments, place); });
  }
  if (!command.empty()) throw std::invalid_argument("unknown command " + command);
  const Options options(Arguments(words, {"store", "seed", "seconds", "histories", "mix", "json",
                                          "keep", "without", "bug"}));
  return run_in_child([&](const std::string& place) { return run_histories(options, place); });
}

}  // namespace
}  // namespace mongoelector::torture

int main(int argc, char** argv) {
  try {
    return mongoelector::torture::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "torture: " << error.what() << "\n";
    return mongoelector::torture::kCannotRun;
  }
}
