// Many at once: two hundred that want one lock, and candidates whose leader is killed again and
// again.
//
// Any number of kills: MONGOELECTOR_KILLS=50 build/bin/test_cli_run --gtest_filter='Crowd.*'
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>

#include "cli/stores.h"
#include "cli/supervised.h"
#include "programs/record_life.h"
#include "support/eventually.h"
#include "support/replica_set.h"

namespace mongoelector::test {
namespace {

using namespace std::chrono_literals;

// ---- two hundred at once ----

// Without pipes: two hundred processes with three each would be too many descriptors.
pid_t spawn(const std::vector<std::string>& command) {
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  const int null = open("/dev/null", O_RDWR);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, fd);
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  execvp(words[0], words.data());
  _exit(127);
}

class TwoHundred : public testing::TestWithParam<std::string> {};

TEST_P(TwoHundred, want_one_lock_and_exactly_one_runs) {
  constexpr int kProcesses = 200;
  constexpr long kMostKilobytes = 128 * 1024;
  const StoreUnderTest store(GetParam());
  const TempDir dir;
  const std::string fifo = dir.file("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  // The winner runs until the last of the others was refused.
  const std::string script = "echo ran >> " + dir.file("log") + "; read line < " + fifo;
  std::vector<pid_t> all;
  for (int i = 0; i < kProcesses; ++i) {
    all.push_back(spawn(tool_command(
        {"--uri", store.uri(), "lock", "a", "-n", "--ttl", "10m", "--", "sh", "-c", script})));
    ASSERT_GT(all.back(), 0);
  }
  std::map<int, int> codes;
  long most = 0;
  const auto reap = [&] {
    for (pid_t& pid : all) {
      int status = 0;
      rusage used{};
      if (pid < 0 || wait4(pid, &status, WNOHANG, &used) != pid) continue;
      pid = -1;
      ++codes[WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)];
      most = std::max(most, used.ru_maxrss);
    }
  };
  // A server that so many ask at once may leave some without an answer in time: those do not run.
  const bool may_be_slow = GetParam() == "mongodb";
  const auto refused = [&] {
    reap();
    return codes[75] + (may_be_slow ? codes[69] : 0);
  };
  EXPECT_TRUE(eventually([&] { return refused() == kProcesses - 1; }, 120s))
      << testing::PrintToString(codes);
  const int end = open(fifo.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
  EXPECT_EQ(write(end, "end\n", 4), 4);
  EXPECT_TRUE(eventually([&] { reap(); return codes[0] == 1; })) << testing::PrintToString(codes);
  close(end);
  for (const pid_t pid : all) {
    if (pid > 0) kill(pid, SIGKILL);
  }
  EXPECT_EQ(content(dir.file("log")), "ran\n");
  EXPECT_LT(most, kMostKilobytes);
}

INSTANTIATE_TEST_SUITE_P(Crowd, TwoHundred, testing::Values("sqlite", "mongodb"),
                         [](const auto& store) { return store.param; });

// ---- five candidates ----

std::vector<Life> lives_in(const std::string& folder) {
  std::vector<Life> lives;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".new") continue;
    const std::string bytes = content(entry.path());
    Life life;
    if (bytes.size() != sizeof life) continue;
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(&life));
    lives.push_back(life);
  }
  std::sort(lives.begin(), lives.end(),
            [](const Life& a, const Life& b) { return a.from < b.from; });
  return lives;
}

class Candidates {
 public:
  Candidates(std::string uri, std::vector<std::string> flags)
      : uri_(std::move(uri)), flags_(std::move(flags)) {
    for (int i = 0; i < 5; ++i) add();
  }

  // False: nobody has followed in time.
  bool kill_leader() {
    const std::size_t before = lives_in(dir_.path()).size();
    const pid_t leader = static_cast<pid_t>(lives_in(dir_.path()).back().supervisor);
    const auto it = std::find_if(tools_.begin(), tools_.end(),
                                 [&](const auto& tool) { return tool->pid() == leader; });
    if (it == tools_.end()) return false;
    (*it)->signal(SIGKILL);
    (*it)->wait();
    tools_.erase(it);
    add();
    return await_lives(before + 1);
  }
  bool await_lives(std::size_t count) const {
    return eventually([&] { return lives_in(dir_.path()).size() >= count; }, 60s);
  }
  std::vector<Life> lives() const { return lives_in(dir_.path()); }

 private:
  void add() {
    std::vector<std::string> words{"--uri", uri_, "-q", "run", "a"};
    words.insert(words.end(), flags_.begin(), flags_.end());
    words.insert(words.end(), {"--", RECORD_LIFE, dir_.path()});
    tools_.push_back(std::make_unique<Process>(tool_command(words)));
  }

  const std::string uri_;
  const std::vector<std::string> flags_;
  const TempDir dir_;
  std::vector<std::unique_ptr<Process>> tools_;
};

int kills(int quick) {
  const char* asked = std::getenv("MONGOELECTOR_KILLS");
  return asked != nullptr ? std::atoi(asked) : quick;
}

void never_two_at_once(Candidates& candidates, int kills) {
  ASSERT_TRUE(candidates.await_lives(1));
  for (int i = 0; i < kills; ++i) ASSERT_TRUE(candidates.kill_leader()) << "kill " << i;
  const std::vector<Life> lives = candidates.lives();
  EXPECT_GT(lives.size(), static_cast<std::size_t>(kills));
  for (std::size_t i = 1; i < lives.size(); ++i)
    EXPECT_LT(lives[i - 1].to, lives[i].from) << "two lived at once, after kill " << i;
}

TEST(Crowd, of_five_on_sqlite_never_has_two_commands_while_leaders_are_killed) {
  const LocalStore store;
  Candidates candidates(store.uri(), {});
  never_two_at_once(candidates, kills(50));
}

TEST(Crowd, of_five_on_three_nodes_never_has_two_commands_while_leaders_are_killed) {
  const ReplicaSet set;
  Candidates candidates(set.uri("ops"), {"--ttl", "4s", "--grace", "200ms"});
  never_two_at_once(candidates, kills(2));
}

}  // namespace
}  // namespace mongoelector::test
