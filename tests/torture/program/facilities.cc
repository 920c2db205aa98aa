#include "torture/program/facilities.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>

#include "support/eventually.h"
#include "support/process.h"

namespace mongoelector::torture {

namespace {

namespace fs = std::filesystem;

constexpr const char* kNamespaces = "/run/netns/";

bool put(const std::string& file, const std::string& text) {
  const int fd = open(file.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool done = write(fd, text.data(), text.size()) == std::ssize(text);
  close(fd);
  return done;
}

// Throws with what the program said.
void ip(const std::string& arguments) {
  std::vector<std::string> command{"ip"};
  std::istringstream words(arguments);
  for (std::string word; words >> word;) command.push_back(word);
  const test::Finished finished = test::run_process(command);
  if (finished.code != 0) throw std::runtime_error("ip " + arguments + ": " + finished.err);
}

std::string find_mount(const std::string& type, const std::string& controller) {
  std::ifstream mounts("/proc/mounts");
  for (std::string device, path, kind, options, rest;
       mounts >> device >> path >> kind >> options && std::getline(mounts, rest);) {
    if (kind != type) continue;
    if (controller.empty() || ("," + options + ",").find("," + controller + ",") != options.npos)
      return path;
  }
  return {};
}

// Makes a group for a moment to see what is in it.
bool has_files(const std::string& mount, const std::vector<std::string>& files) {
  if (mount.empty()) return false;
  const std::string probe = mount + "/" + run_name(getpid()) + "-probe";
  std::error_code problem;
  if (!fs::create_directory(probe, problem)) return false;
  bool all = true;
  for (const std::string& file : files)
    all = all && access((probe + "/" + file).c_str(), W_OK) == 0;
  fs::remove(probe, problem);
  return all;
}

void probe_groups(Facilities& found, const std::set<std::string>& without) {
  found.unified = find_mount("cgroup2", "");
  const auto wanted = [&](const char* name) { return !without.contains(name); };
  found.unified_freezes = wanted("freezer") && has_files(found.unified, {"cgroup.freeze"});
  found.unified_kills = wanted("kill") && has_files(found.unified, {"cgroup.kill"});
  found.unified_limits = wanted("cpu") && has_files(found.unified, {"cpu.max"});
  if (!found.unified_freezes && wanted("freezer")) {
    const std::string mount = find_mount("cgroup", "freezer");
    if (has_files(mount, {"freezer.state"})) found.freezer_v1 = mount;
  }
  if (!found.unified_limits && wanted("cpu")) {
    const std::string mount = find_mount("cgroup", "cpu");
    if (has_files(mount, {"cpu.cfs_quota_us"})) found.cpu_v1 = mount;
  }
  if (!found.can(FaultKind::freeze)) found.missing.push_back("freezer: no writable control group");
  if (!found.can(FaultKind::throttle)) found.missing.push_back("cpu: no writable control group");
  if (!found.can(FaultKind::kill_tree)) found.missing.push_back("kill: no writable cgroup.kill");
}

int bound_to_loopback(sockaddr_in& address) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (fd < 0 || bind(fd, any, size) != 0 || listen(fd, 1) != 0 || getsockname(fd, any, &size) != 0)
    throw std::runtime_error("no loopback socket");
  return fd;
}

bool enter_network(const std::string& name) {
  const int fd = open((kNamespaces + name).c_str(), O_RDONLY | O_CLOEXEC);
  const bool entered = fd >= 0 && setns(fd, CLONE_NEWNET) == 0;
  close(fd);
  return entered;
}

// From inside, does this machine's loopback answer?
bool reaches_loopback(const Network& network, std::chrono::microseconds within) {
  sockaddr_in address;
  const int listener = bound_to_loopback(address);
  const pid_t pid = fork();
  if (pid == 0) {
    const timeval patience{.tv_sec = within.count() / 1'000'000,
                           .tv_usec = within.count() % 1'000'000};
    const int fd = enter_network(network.name()) ? socket(AF_INET, SOCK_STREAM, 0) : -1;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    _exit(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? 0 : 1);
  }
  int status = 1;
  waitpid(pid, &status, 0);
  close(listener);
  return status == 0;
}

void probe_network(Facilities& found, const std::set<std::string>& without) {
  try {
    if (without.contains("network")) throw std::runtime_error("not wanted");
    const Network trial(run_name(getpid()) + "-p", kClients);
    if (!reaches_loopback(trial, std::chrono::seconds(2)))
      throw std::runtime_error("its loopback is not ours");
    for (const bool from_client : {true, false}) {
      trial.lose(from_client, !from_client);
      if (reaches_loopback(trial, std::chrono::milliseconds(300)))
        throw std::runtime_error("what should be lost arrives");
    }
    found.namespaces = true;
  } catch (const std::runtime_error& error) {
    found.missing.push_back(std::string("network: no namespaces: ") + error.what());
  }
}

}  // namespace

bool Facilities::can(FaultKind kind) const {
  switch (kind) {
    case FaultKind::freeze:
      return unified_freezes || !freezer_v1.empty();
    case FaultKind::throttle:
      return unified_limits || !cpu_v1.empty();
    case FaultKind::kill_tree:
      return unified_kills;
    case FaultKind::deaf:
    case FaultKind::mute:
    case FaultKind::cut_off:
      return namespaces;
    default:
      return true;
  }
}

Facilities probe(Store store, const std::set<std::string>& without) {
  Facilities found;
  probe_groups(found, without);
  if (store == Store::mongodb) probe_network(found, without);
  return found;
}

std::string run_name(pid_t run) { return "torture-" + std::to_string(run); }

Group::Group(const Facilities& facilities, const std::string& name) : facilities_(facilities) {
  const auto make = [&](const std::string& mount) {
    directories_.push_back(mount + "/" + name);
    if (!fs::create_directory(directories_.back()))
      throw std::runtime_error("cannot make " + directories_.back());
    return directories_.back();
  };
  if (facilities.unified_freezes || facilities.unified_kills || facilities.unified_limits)
    unified_ = make(facilities.unified);
  if (!facilities.freezer_v1.empty()) freezer_ = make(facilities.freezer_v1);
  if (!facilities.cpu_v1.empty()) cpu_ = make(facilities.cpu_v1);
}

namespace {

void end_group(const std::string& directory) {
  put(directory + "/cgroup.freeze", "0");
  put(directory + "/freezer.state", "THAWED");
  put(directory + "/cgroup.kill", "1");
}

// A group can go once the last of its processes has been reaped.
void remove_group(const std::string& directory) {
  end_group(directory);
  test::eventually([&] { return rmdir(directory.c_str()) == 0 || errno == ENOENT; },
                   std::chrono::seconds(3));
}

}  // namespace

Group::~Group() {
  for (const std::string& directory : directories_) remove_group(directory);
}

void Group::freeze(bool on) const {
  if (facilities_.unified_freezes) {
    put(unified_ + "/cgroup.freeze", on ? "1" : "0");
  } else {
    put(freezer_ + "/freezer.state", on ? "FROZEN" : "THAWED");
  }
}

void Group::throttle(bool on) const {
  if (facilities_.unified_limits) {
    put(unified_ + "/cpu.max", on ? "10000 100000" : "max 100000");
  } else {
    put(cpu_ + "/cpu.cfs_quota_us", on ? "10000" : "-1");
  }
}

void Group::kill() const { put(unified_ + "/cgroup.kill", "1"); }

namespace {

// From the range for measuring networks; four addresses for each network.
std::string address_of(pid_t run, int number, int end) {
  constexpr int kNetworks = 1 << 15;
  const int network = (static_cast<int>(run) * (kClients + 1) + number) % kNetworks * 4 + end;
  return "198." + std::to_string(18 + network / 65536) + "." +
         std::to_string(network / 256 % 256) + "." + std::to_string(network % 256);
}

constexpr const char* kNobodysMac = "02:00:00:00:ff:ff";

}  // namespace

Network::Network(const std::string& name, int number)
    : name_(name),
      // Names of interfaces are short.
      outer_("me" + std::to_string(getpid()) + "o" + std::to_string(number)),
      inner_("me" + std::to_string(getpid()) + "i" + std::to_string(number)),
      outer_address_(address_of(getpid(), number, 1)),
      inner_address_(address_of(getpid(), number, 2)),
      outer_mac_("02:00:00:00:01:0" + std::to_string(number)),
      inner_mac_("02:00:00:00:02:0" + std::to_string(number)) {
  try {
    connect();
  } catch (...) {
    std::error_code ignored;
    if (fs::exists(kNamespaces + name_, ignored)) test::run_process({"ip", "netns", "del", name_});
    throw;
  }
}

Network::~Network() {
  try {
    // The cable goes with its network too, but some time later.
    ip("link del " + outer_);
    ip("netns del " + name_);
  } catch (const std::runtime_error&) {
    // sweep() tries again.
  }
}

// In the namespace its own loopback stays down, so that 127.0.0.1 is an address like any other and
// can be reached through the cable.
void Network::connect() const {
  const std::string inside = "-n " + name_ + " ";
  ip("netns add " + name_);
  ip("link add " + outer_ + " address " + outer_mac_ + " type veth peer name " + inner_ +
     " address " + inner_mac_ + " netns " + name_);
  ip("addr add " + outer_address_ + "/30 dev " + outer_);
  ip("link set " + outer_ + " up");
  ip(inside + "addr add " + inner_address_ + "/30 dev " + inner_);
  ip(inside + "link set " + inner_ + " up");
  ip(inside + "route add 127.0.0.0/8 via " + outer_address_ + " dev " + inner_ + " src " +
     inner_address_);
  if (!put("/proc/sys/net/ipv4/conf/" + outer_ + "/route_localnet", "1"))
    throw std::runtime_error("route_localnet cannot be set");
  const pid_t pid = fork();
  if (pid == 0) {
    // Which network /proc/sys/net shows depends on who looks.
    const bool done = enter_network(name_) &&
                      put("/proc/sys/net/ipv4/conf/" + inner_ + "/route_localnet", "1");
    _exit(done ? 0 : 1);
  }
  int status = 1;
  waitpid(pid, &status, 0);
  if (status != 0) throw std::runtime_error("route_localnet cannot be set inside");
  lose(false, false);
}

void Network::lose(bool from_client, bool to_client) const {
  ip("-n " + name_ + " neigh replace " + outer_address_ + " lladdr " +
     (from_client ? kNobodysMac : outer_mac_) + " dev " + inner_ + " nud permanent");
  ip("neigh replace " + inner_address_ + " lladdr " + (to_client ? kNobodysMac : inner_mac_) +
     " dev " + outer_ + " nud permanent");
}

std::string enter_and_exec(const std::vector<std::string>& groups, const std::string& network,
                           const std::vector<std::string>& command) {
  for (const std::string& group : groups)
    if (!put(group + "/cgroup.procs", "0")) return "cannot enter " + group;
  if (!network.empty() && !enter_network(network)) return "cannot enter network " + network;
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  execv(words[0], words.data());
  return "cannot run " + command[0] + ": " + std::strerror(errno);
}

namespace {

bool belongs_to(pid_t run, const fs::path& path) {
  return path.filename().string().starts_with(run_name(run) + "-");
}

std::vector<std::string> groups_of(pid_t run) {
  std::vector<std::string> groups;
  std::error_code ignored;
  for (const std::string& mount : {find_mount("cgroup2", ""), find_mount("cgroup", "freezer"),
                                   find_mount("cgroup", "cpu")}) {
    if (mount.empty()) continue;
    for (const auto& entry : fs::directory_iterator(mount, ignored))
      if (belongs_to(run, entry.path())) groups.push_back(entry.path().string());
  }
  return groups;
}

}  // namespace

void end_groups(pid_t run) {
  for (const std::string& group : groups_of(run)) end_group(group);
}

void sweep(pid_t run) {
  for (const std::string& group : groups_of(run)) remove_group(group);
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(kNamespaces, ignored))
    if (belongs_to(run, entry.path()))
      test::run_process({"ip", "netns", "del", entry.path().filename().string()});
}

}  // namespace mongoelector::torture
