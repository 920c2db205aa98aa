// A real mongod for tests and the demo, on a free loopback port, in a temporary directory.
//
// Never passes silently without a server: what cannot be started throws, and the test fails with
// the reason. The server dies with the thread that started it: to the kernel that is the parent.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "support/temp_dir.h"

namespace mongoelector::test {

class Mongod {
 public:
  static std::unique_ptr<Mongod> replica_set();  // one node, primary when this returns
  static std::unique_ptr<Mongod> standalone();
  static std::unique_ptr<Mongod> never_primary();  // a member of a set that was never initiated
  // Several of those, started side by side.
  static std::vector<std::unique_ptr<Mongod>> never_primaries(int count);
  // A standalone that wants a password: user "app", password "s3cret", may read and write "ops".
  static std::unique_ptr<Mongod> with_password();
  // A standalone that speaks TLS only, with the certificate in `file` (key included), which is its
  // own authority.
  static std::unique_ptr<Mongod> with_tls(const std::string& file);
  // Started once per program, for tests that keep to a database of their own.
  static Mongod& shared_replica_set();
  static Mongod& shared_standalone();
  ~Mongod();
  Mongod(const Mongod&) = delete;
  Mongod& operator=(const Mongod&) = delete;

  // mongodb://127.0.0.1:PORT/DATABASE[?replicaSet=...]
  std::string uri(const std::string& database = {}) const;
  int port() const { return port_; }
  void suspend();  // SIGSTOP; returns when the kernel has stopped it
  void resume();
  void kill();  // SIGKILL; returns when it is gone
  void restart();  // after kill(): on the same port and data, listening when this returns

  // The reply as relaxed JSON. `command` is extended JSON. Throws std::runtime_error when the
  // server refuses.
  std::string run_command(const std::string& command, const std::string& database = "admin") const;
  struct Failing {
    std::int64_t hit_before = 0;
  };
  // failCommand for commands of one client, told by its appName. `data` is what failCommand takes
  // beside appName, e.g. R"("failCommands": ["findAndModify"], "errorCode": 91)".
  Failing fail_commands(const std::string& application, const std::string& data,
                        int times = 1) const;
  // Until the server has begun to do that to a command. Throws after a minute.
  void await_hit(const Failing& failing) const;
  void stop_failing() const;

 private:
  enum class Mode { replica_set, standalone, never_primary, with_password, with_tls };
  explicit Mongod(Mode mode, std::string certificate = {});  // launched, not yet listening
  static std::unique_ptr<Mongod> make(Mode mode);
  void launch();
  bool is_up();  // once it listens; false when it has ended
  void await_up();
  void await_ready();
  void add_users();

  TempDir dir_;
  const Mode mode_;
  const std::string certificate_;  // file; empty: no TLS
  std::string administrator_;  // "root:root@" once there are users
  int port_ = 0;
  pid_t pid_ = -1;
  std::string log_;  // of the present process
  int starts_ = 0;
};

// The same over a connection of its own to `uri`, with whatever the URI's options ask for.
std::string run_command_at(const std::string& uri, const std::string& command,
                           const std::string& database = "admin");

// A database name no other test of this machine uses.
std::string fresh_database();

}  // namespace mongoelector::test
