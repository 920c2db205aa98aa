// From a URI to a session: the one place that knows every store.
//
//   ""                      this machine only: SQLite in the state directory
//   sqlite:PATH             this machine only: SQLite in that file (local file systems only)
//   memory:                 inside this session only, for tests
//   mongodb://, mongodb+srv://   shared between machines
//
// A session keeps all leases of a process alive with a constant number of threads, one or ten
// thousand. Make one per process and hand it to every locker and elector; it lives as long as the
// last of them.
//
// After fork() it and everything on it is inert in the child: ismaster() and owned() are false,
// nothing is sent, no destructor blocks. Connect anew there.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "mongoelector/options.h"
#include "mongoelector/store.h"

namespace mongoelector {

namespace internal {
class Runtime;
}

// All members may be called from any thread.
class Session {
 public:
  // For a store of your own. Starts no thread before the first locker or elector needs one.
  Session(std::shared_ptr<LeaseStore> store, ConnectOptions options = {});
  // Lets store calls that are queued, releases among them, come to their end, then ends the
  // threads. Blocks for at most about one call budget of the store plus two seconds; never throws.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // For tools that look at leases without holding one. Valid as long as the session.
  LeaseStore& store() const;
  Clock& clock() const;
  // Threads this session runs now. Does not depend on the number of leases.
  int threads() const;
  const std::shared_ptr<internal::Runtime>& runtime() const { return runtime_; }

 private:
  std::shared_ptr<internal::Runtime> runtime_;
};

// Opens the store and answers once it is known to be usable. Blocks for at most 10 s. Throws
// ConnectError. A MongoDB that cannot be reached is an error, never a reason to use another store.
std::shared_ptr<Session> connect(std::string_view uri = "", ConnectOptions options = {});

// The URI as it may be shown: the password, and every option that holds a secret, replaced by ***.
std::string redact_uri(std::string_view uri);

// The versions of the libraries that the stores stand on: "sqlite", and "libmongoc" if this
// installation can speak to MongoDB. Loads what is not loaded yet.
std::map<std::string, std::string> store_libraries();

// The file that connect("") uses: $STATE_DIRECTORY (systemd), else /var/lib/mongoelector for root,
// else $XDG_STATE_HOME/mongoelector, else ~/.local/state/mongoelector; the file is named leases.db.
std::string default_sqlite_path();

}  // namespace mongoelector
