#include "support/mongod.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <mongoc/mongoc.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include "support/eventually.h"

namespace mongoelector::test {

namespace {

std::string find_mongod() {
  const char* source = std::getenv("MONGOELECTOR_SOURCE");
  const std::string root = source == nullptr ? MONGOELECTOR_SOURCE_DIR : source;
  FILE* finder = popen((root + "/tools/find-mongod").c_str(), "r");
  std::string path;
  for (int c = 0; finder != nullptr && (c = fgetc(finder)) != EOF;) path += static_cast<char>(c);
  if (finder == nullptr || pclose(finder) != 0 || path.empty())
    throw std::runtime_error("no mongod: these tests need a real one (tools/setup fetches it)");
  path.pop_back();
  return path;
}

int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  const bool bound = fd >= 0 && bind(fd, any, size) == 0 && getsockname(fd, any, &size) == 0;
  close(fd);
  if (!bound) throw std::runtime_error("no free loopback port");
  return ntohs(address.sin_port);
}

void quiet(mongoc_log_level_t, const char*, const char*, void*) {}

struct Driver {
  Driver() {
    mongoc_init();
    mongoc_log_set_handler(quiet, nullptr);
  }
};

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

Mongod::Mongod(Mode mode, std::string certificate)
    : mode_(mode), certificate_(std::move(certificate)), port_(free_port()) {
  launch();
}

std::unique_ptr<Mongod> Mongod::with_tls(const std::string& file) {
  std::unique_ptr<Mongod> server(new Mongod(Mode::with_tls, file));
  server->await_ready();
  return server;
}

std::unique_ptr<Mongod> Mongod::make(Mode mode) {
  std::unique_ptr<Mongod> server(new Mongod(mode));
  server->await_ready();
  return server;
}

void Mongod::launch() {
  const std::string binary = find_mongod();
  const std::string port = std::to_string(port_);
  log_ = dir_.file("log" + std::to_string(starts_++));
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    const int out = open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(out, 1);
    dup2(out, 2);
    std::vector<const char*> arguments{binary.c_str(),
                                       "--dbpath",
                                       dir_.path().c_str(),
                                       "--port",
                                       port.c_str(),
                                       "--bind_ip",
                                       "127.0.0.1",
                                       "--setParameter",
                                       "enableTestCommands=1",
                                       "--setParameter",
                                       "ttlMonitorSleepSecs=1",
                                       "--wiredTigerCacheSizeGB",
                                       "0.25",
                                       "--oplogSize",
                                       "50",
                                       "--nounixsocket"};
    if (mode_ == Mode::replica_set || mode_ == Mode::never_primary)
      arguments.insert(arguments.end(), {"--replSet", "rs0"});
    if (mode_ == Mode::with_password) arguments.push_back("--auth");
    if (mode_ == Mode::with_tls) {
      arguments.insert(arguments.end(), {"--tlsMode", "requireTLS", "--tlsCertificateKeyFile",
                                         certificate_.c_str()});
    }
    arguments.push_back(nullptr);
    execv(binary.c_str(), const_cast<char**>(arguments.data()));
    _exit(127);
  }
}

bool Mongod::is_up() {
  const bool up = eventually([&] {
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return true;
    }
    return text_of(log_).find("Waiting for connections") != std::string::npos;
  });
  if (!up) kill();
  return pid_ >= 0;
}

void Mongod::await_up() {
  // Another process may take the port between finding it and using it.
  for (int tries = 1; !is_up(); ++tries) {
    if (tries == 5) throw std::runtime_error("mongod did not start:\n" + text_of(log_));
    port_ = free_port();
    launch();
  }
}

void Mongod::restart() {
  launch();
  if (!is_up()) throw std::runtime_error("mongod did not start again:\n" + text_of(log_));
}

void Mongod::await_ready() {
  await_up();
  if (mode_ == Mode::never_primary) return;
  if (mode_ == Mode::replica_set) {
    run_command(R"({"replSetInitiate": {"_id": "rs0", "members": [{"_id": 0, "host": "127.0.0.1:)" +
                std::to_string(port_) + R"("}]}})");
  }
  const bool ready = eventually([&] {
    return run_command(R"({"hello": 1})").find(R"("isWritablePrimary" : true)") !=
           std::string::npos;
  });
  if (!ready) throw std::runtime_error("mongod did not become primary");
  if (mode_ == Mode::with_password) add_users();
}

void Mongod::add_users() {
  // The first user may be made by anybody on this machine.
  run_command(R"({"createUser": "root", "pwd": "root", "roles": ["root"]})");
  administrator_ = "root:root@";
  run_command(R"({"createUser": "app", "pwd": "s3cret", "roles":
                  [{"role": "readWrite", "db": "ops"}]})",
              "ops");
}

Mongod::~Mongod() { kill(); }

std::unique_ptr<Mongod> Mongod::replica_set() { return make(Mode::replica_set); }
std::unique_ptr<Mongod> Mongod::standalone() { return make(Mode::standalone); }
std::unique_ptr<Mongod> Mongod::never_primary() { return make(Mode::never_primary); }
std::unique_ptr<Mongod> Mongod::with_password() { return make(Mode::with_password); }

std::vector<std::unique_ptr<Mongod>> Mongod::never_primaries(int count) {
  std::vector<std::unique_ptr<Mongod>> servers;
  while (std::ssize(servers) < count) servers.emplace_back(new Mongod(Mode::never_primary));
  for (const auto& server : servers) server->await_ready();
  return servers;
}

Mongod& Mongod::shared_replica_set() {
  static const std::unique_ptr<Mongod> server = replica_set();
  return *server;
}

Mongod& Mongod::shared_standalone() {
  static const std::unique_ptr<Mongod> server = standalone();
  return *server;
}

std::string Mongod::uri(const std::string& database) const {
  return "mongodb://127.0.0.1:" + std::to_string(port_) + "/" + database +
         (mode_ == Mode::replica_set || mode_ == Mode::never_primary ? "?replicaSet=rs0" : "");
}

void Mongod::suspend() {
  ::kill(pid_, SIGSTOP);
  int status = 0;
  waitpid(pid_, &status, WUNTRACED);
}

void Mongod::resume() { ::kill(pid_, SIGCONT); }

void Mongod::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::string Mongod::run_command(const std::string& command, const std::string& database) const {
  // Direct: works before the set is initiated and whoever is primary.
  return run_command_at("mongodb://" + administrator_ + "127.0.0.1:" + std::to_string(port_) +
                            "/?directConnection=true&serverSelectionTimeoutMS=20000" +
                            (certificate_.empty() ? "" : "&tls=true&tlsCAFile=" + certificate_),
                        command, database);
}

Mongod::Failing Mongod::fail_commands(const std::string& application, const std::string& data,
                                      int times) const {
  const auto reply = nlohmann::json::parse(run_command(
      R"({"configureFailPoint": "failCommand", "mode": {"times": )" + std::to_string(times) +
      R"(}, "data": {"appName": ")" + application + R"(", )" + data + "}}"));
  return {.hit_before = reply.at("count")};
}

void Mongod::await_hit(const Failing& failing) const {
  run_command(R"({"waitForFailPoint": "failCommand", "maxTimeMS": 60000, "timesEntered": )" +
              std::to_string(failing.hit_before + 1) + "}");
}

void Mongod::stop_failing() const {
  run_command(R"({"configureFailPoint": "failCommand", "mode": "off"})");
}

std::string run_command_at(const std::string& uri, const std::string& command,
                           const std::string& database) {
  static const Driver driver;
  bson_error_t error;
  bson_t* document = bson_new_from_json(reinterpret_cast<const std::uint8_t*>(command.data()),
                                        static_cast<ssize_t>(command.size()), &error);
  if (document == nullptr) throw std::runtime_error(command + ": " + error.message);
  mongoc_client_t* client = mongoc_client_new(uri.c_str());
  bson_t reply;
  const bool done =
      mongoc_client_command_simple(client, database.c_str(), document, nullptr, &reply, &error);
  char* json = bson_as_relaxed_extended_json(&reply, nullptr);
  const std::string text = json == nullptr ? "" : json;
  bson_free(json);
  bson_destroy(&reply);
  bson_destroy(document);
  mongoc_client_destroy(client);
  if (!done || text.find("writeErrors") != std::string::npos)
    throw std::runtime_error(command + ": " + error.message + " " + text);
  return text;
}

std::string fresh_database() {
  static std::atomic<int> next{0};
  return "test_" + std::to_string(getpid()) + "_" + std::to_string(next++);
}

}  // namespace mongoelector::test
