// Which store a command talks to, and the connection to it.
#pragma once

#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/settings.h"
#include "mongoelector/connect.h"

namespace mongoelector::cli {

struct StoreChoice {
  std::string uri = {};     // empty: the default file of this machine
  std::string origin = {};  // "--uri", "MONGODB_URI", ...; empty: nobody said anything
  std::string uri_path = {};  // the file that the URI was read from; empty: none
  Setting password_file = {};
  bool password_added = false;  // to the URI, see add_password()
  Setting database = {};
  Setting collection_prefix = {};
  bool require_shared = false;
  std::string require_shared_origin = {};

  bool on_a_server() const { return uri.starts_with("mongodb"); }
  // To show; no password.
  std::string shown_uri() const;
};

// What flags, environment and configuration file say together. `stdin_is_free`: "--uri-file -" may
// read it. Throws Failure.
StoreChoice choose_store(const Globals& globals, bool stdin_is_free);

// Throws Failure if a database or a prefix is named for a store that has neither.
void refuse_names(const StoreChoice& choice);

struct Connection {
  std::shared_ptr<Session> session;
  std::string uri;         // to show; no password
  bool by_default = false;  // nobody named a store
};

inline constexpr std::string_view kDefaultStoreNotice =
    "store: SQLite on this machine only (set MONGODB_URI to coordinate several hosts)";

// Connects to the store that was chosen, after add_password(). Throws Failure and ConnectError. Not
// bounded by --timeout: see Deadline.
Connection open_connection(Context& context, StoreChoice choice,
                           ConnectOptions options = {});
// Chooses it first.
Connection open_connection(Context& context, bool stdin_is_free = true,
                           ConnectOptions options = {});

}  // namespace mongoelector::cli
