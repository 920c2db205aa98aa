#include "torture/program/clients.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "support/content.h"
#include "support/eventually.h"
#include "torture/program/evidence.h"

namespace mongoelector::torture {

namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kRestartAfter = 100 * kMs;

bool is_runner(int client) { return client >= kWorkers; }

pid_t parent_of(pid_t pid) {
  const std::string line = test::content("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_ends = line.rfind(')');
  if (name_ends == std::string::npos) return 0;
  std::istringstream rest(line.substr(name_ends + 1));
  char state = 0;
  pid_t parent = 0;
  rest >> state >> parent;
  return parent;
}

int open_pidfd(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

bool send(int pidfd, int signal) {
  return syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0;
}

// A store that does not answer, a lease that is lost, a command that was killed: all in the plan.
bool expected_of_runner(int code) {
  static const std::set<int> expected{0, 69, 75, 80, 128 + SIGKILL, 128 + SIGTERM};
  return expected.contains(code);
}

std::string milliseconds(std::chrono::milliseconds time) {
  return std::to_string(time.count()) + "ms";
}

}  // namespace

std::string Clients::name(int client) {
  return is_runner(client) ? "runner-" + std::to_string(client - kWorkers + 1)
                           : "worker-" + std::to_string(client + 1);
}

Clients::Clients(const Setup& setup, const Facilities& facilities)
    : setup_(setup), facilities_(facilities) {
  const std::string run = run_name(getpid()) + "-";
  for (int i = 0; i < kClients; ++i) {
    at(i).group = std::make_unique<Group>(facilities_, run + name(i));
    if (facilities_.namespaces && setup_.store == Store::mongodb)
      at(i).network = std::make_unique<Network>(run + name(i), i);
  }
}

Clients::~Clients() {
  heal();
  for (Client& client : clients_) client.process.reset();
}

std::vector<std::string> Clients::command(int client) const {
  const Client& slot = clients_[static_cast<std::size_t>(client)];
  std::vector<std::string> words{setup_.self, "enter"};
  for (const std::string& group : slot.group->directories())
    words.insert(words.end(), {"--group", group});
  if (slot.network != nullptr) words.insert(words.end(), {"--network", slot.network->name()});
  words.push_back("--");
  std::vector<std::string> common{"--name", name(client), "--evidence", setup_.evidence, "--seed",
                                  std::to_string(setup_.seed * 100 + client)};
  // Only the lock protects the registers: tokens of different keys do not compare.
  if (!is_runner(client) || client == kLockRunner)
    common.insert(common.end(), {"--registers", setup_.registers});
  if (is_runner(client)) {
    const bool locks = client == kLockRunner;
    words.insert(words.end(), {setup_.tool, locks ? "lock" : "run", locks ? kLock : kElection,
                               "-q", "--ttl", milliseconds(setup_.ttl), "--grace",
                               milliseconds(setup_.grace), "--", setup_.self, "child",
                               "--holds", locks ? "lock" : "election"});
  } else {
    words.insert(words.end(), {setup_.self, "worker", "--uri", setup_.uri, "--ttl",
                               std::to_string(setup_.ttl.count())});
    if (setup_.bug != Bug::none)
      words.insert(words.end(), {"--bug", setup_.bug == Bug::lies ? "lies" : "slow_clock"});
  }
  words.insert(words.end(), common.begin(), common.end());
  return words;
}

void Clients::launch(int client) {
  at(client).killed = false;
  at(client).process = std::make_unique<test::Process>(
      command(client),
      test::ProcessOptions{.environment = {{"MONGOELECTOR_URI", setup_.uri}}});
}

void Clients::start() {
  for (int i = 0; i < kClients; ++i) launch(i);
}

void Clients::look_after() {
  const std::int64_t now = boot_time();
  for (std::size_t i = lasting_.size(); i-- > 0;) {
    if (lasting_[i].until > now) continue;
    end(lasting_[i]);
    lasting_.erase(lasting_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  for (int i = 0; i < kClients; ++i) {
    Client& client = at(i);
    if (client.process != nullptr && !client.process->running()) {
      note_end(i, false);
      client.start_at = std::max(client.start_at, now + kRestartAfter);
    }
    if (client.process == nullptr && client.start_at <= now) launch(i);
  }
}

void Clients::note_end(int client, bool asked) {
  const test::Finished finished = at(client).process->wait();
  at(client).process.reset();
  // A worker that has just been started does not listen yet.
  if (asked && (finished.code == 0 || finished.signal == SIGTERM)) return;
  if (at(client).killed) return;
  if (is_runner(client) && expected_of_runner(finished.code)) return;
  trouble_.push_back(name(client) + " ended with code " + std::to_string(finished.code) + ": " +
                     finished.out + finished.err);
}

std::optional<int> Clients::choose(const Fault& fault) {
  constexpr std::int64_t kLately = 50 * kMs;
  int first = fault.target;
  if (first < 0) {
    first = static_cast<int>(fault.for_ms % kClients);
    const Subject subject = fault.target == kElectionHolder ? Subject::election : Subject::lock;
    if (const auto holder = holder_of(setup_.evidence, subject, boot_time() - kLately)) {
      for (int i = 0; i < kClients; ++i)
        if (name(i) == *holder) first = i;
    }
  }
  for (int i = 0; i < kClients; ++i) {
    const int client = (first + i) % kClients;
    if (at(client).process != nullptr) return client;
  }
  return std::nullopt;
}

bool Clients::inject(Fault fault) {
  const auto client = choose(fault);
  if (!facilities_.can(fault.kind) || !client) return false;
  fault.target = *client;
  if (fault.kind == FaultKind::kill) return kill_one(fault);
  if (fault.kind == FaultKind::kill_tree) {
    kill_tree(fault);
    return true;
  }
  return begin(fault);
}

int Clients::open_process(int client, Role& role, pid_t& pid) {
  const pid_t own = at(client).process->pid();
  if (!is_runner(client)) role = Role::itself;
  if (role != Role::itself) {
    const auto child = newest_child(setup_.evidence, name(client));
    pid = child ? (role == Role::guardian ? child->parent : child->pid) : 0;
    const int pidfd = pid > 0 ? open_pidfd(pid) : -1;
    // Between the two looks nobody else can have got the number.
    if (pidfd >= 0 && child && parent_of(child->pid) == child->parent &&
        parent_of(child->parent) == own) {
      return pidfd;
    }
    if (pidfd >= 0) close(pidfd);
    role = Role::itself;  // there is no command now
  }
  pid = own;
  return open_pidfd(own);
}

bool Clients::kill_one(const Fault& fault) {
  Role role = fault.role;
  pid_t pid = 0;
  const int pidfd = open_process(fault.target, role, pid);
  const std::int64_t now = boot_time();
  const bool done = pidfd >= 0 && send(pidfd, SIGKILL);
  if (pidfd >= 0) close(pidfd);
  if (!done) return false;
  if (role == Role::itself) {
    at(fault.target).killed = true;
    at(fault.target).start_at = now + std::min<std::int64_t>(fault.for_ms, 1500) * kMs;
  }
  injected_.push_back({.kind = fault.kind, .target = fault.target, .role = role, .begin = now,
                       .end = now, .killed = pid});
  return true;
}

void Clients::kill_tree(const Fault& fault) {
  const std::int64_t now = boot_time();
  at(fault.target).killed = true;
  at(fault.target).start_at = now + std::min<std::int64_t>(fault.for_ms, 1500) * kMs;
  at(fault.target).group->kill();
  injected_.push_back({.kind = fault.kind, .target = fault.target, .begin = now, .end = now,
                       .killed = at(fault.target).process->pid()});
}

bool Clients::begin(const Fault& fault) {
  Client& client = at(fault.target);
  Injected done{.kind = fault.kind, .target = fault.target, .begin = boot_time()};
  int pidfd = -1;
  if (fault.kind == FaultKind::stop) {
    pid_t pid = 0;
    done.role = fault.role;
    pidfd = open_process(fault.target, done.role, pid);
    if (pidfd < 0 || !send(pidfd, SIGSTOP)) {
      if (pidfd >= 0) close(pidfd);
      return false;
    }
    done.held_up_guardian = done.role == Role::guardian;
  } else if (fault.kind == FaultKind::freeze || fault.kind == FaultKind::throttle) {
    if (fault.kind == FaultKind::freeze) client.group->freeze(true);
    if (fault.kind == FaultKind::throttle) client.group->throttle(true);
    done.held_up_guardian = is_runner(fault.target);
  } else {
    if (client.network == nullptr) return false;
    client.network->lose(fault.kind != FaultKind::deaf, fault.kind != FaultKind::mute);
  }
  done.end = done.begin + fault.for_ms * kMs;
  lasting_.push_back({.which = injected_.size(), .until = done.end, .pidfd = pidfd});
  injected_.push_back(done);
  return true;
}

void Clients::end(const Lasting& fault) {
  Injected& done = injected_[fault.which];
  const Client& client = at(done.target);
  if (done.kind == FaultKind::stop) {
    send(fault.pidfd, SIGCONT);
    close(fault.pidfd);
  } else if (done.kind == FaultKind::freeze) {
    client.group->freeze(false);
  } else if (done.kind == FaultKind::throttle) {
    client.group->throttle(false);
  } else {
    client.network->lose(false, false);
  }
  done.end = boot_time();
}

void Clients::heal() {
  for (const Lasting& fault : lasting_) end(fault);
  lasting_.clear();
}

void Clients::stop() {
  heal();
  for (Client& client : clients_)
    if (client.process != nullptr) client.process->signal(SIGTERM);
  const auto all_over = [&] {
    return std::all_of(clients_.begin(), clients_.end(), [](const Client& client) {
      return client.process == nullptr || !client.process->running();
    });
  };
  test::eventually(all_over);
  for (int i = 0; i < kClients; ++i) {
    if (at(i).process == nullptr) continue;
    if (at(i).process->running()) {
      trouble_.push_back(name(i) + " did not stop within 20 s");
      injected_.push_back({.kind = FaultKind::kill, .target = i, .begin = boot_time(),
                           .end = boot_time(), .killed = at(i).process->pid()});
      at(i).process.reset();
    } else {
      note_end(i, true);
    }
  }
}

}  // namespace mongoelector::torture
