#include "cli/session.h"

#include <fmt/format.h>
#include <unistd.h>

#include <iostream>
#include <iterator>
#include <optional>

#include "base/text.h"
#include "cli/given.h"
#include "cli/password.h"
#include "mongoelector/error.h"

namespace mongoelector::cli {

namespace {

std::string read_uri(const std::string& file, const std::string& origin, bool stdin_is_free) {
  std::string text;
  if (file == "-") {
    if (!stdin_is_free) {
      throw Failure(Exit::usage,
                    fmt::format("{} cannot read stdin: it belongs to the command", origin));
    }
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    text = read_file(file, origin);
  }
  static constexpr char kSpace[] = " \t\r\n";
  text.erase(text.find_last_not_of(kSpace) + 1);
  text.erase(0, text.find_first_not_of(kSpace));
  if (text.empty())
    throw Failure(Exit::config, fmt::format("{}: {} is empty", origin, internal::quoted(file)));
  return text;
}

}  // namespace

// Ignoring these would let two fleets meet that were to be kept apart.
void refuse_names(const StoreChoice& choice) {
  if (choice.on_a_server()) return;
  for (const Setting* name : {&choice.database, &choice.collection_prefix}) {
    if (name->value.empty()) continue;
    throw Failure(Exit::config,
                  fmt::format("{} is for MongoDB only, but the store is {}", name->origin,
                              internal::quoted(choice.shown_uri())),
                  name->origin.starts_with("--")
                      ? "use another file instead: --uri sqlite:PATH"
                      : "name a MongoDB, or take that out: here a file of its own does that");
  }
}

namespace {

// Where nobody has named a store.
void refuse_default(const StoreChoice& choice) {
  if (!choice.origin.empty()) return;
  if (environment(kUriWithheld)) {
    throw Failure(Exit::config,
                  "no store is named: the URI in the environment was not passed on to this command "
                  "by the mongoelector above it",
                  "start that with --keep-uri-env, or name the store here: --uri-file FILE");
  }
  if (!choice.require_shared) return;
  throw Failure(Exit::config, "a shared store is required, but no store is named",
                "set MONGODB_URI or use --uri mongodb://...");
}

std::shared_ptr<Session> connect_to(const StoreChoice& choice, ConnectOptions options) {
  try {
    return connect(choice.uri, std::move(options));
  } catch (const ConnectError& e) {
    // The same mistake is one of the command line or of the configuration.
    if (e.problem() != ConnectProblem::bad_uri || choice.origin == "--uri") throw;
    throw Failure(Exit::config, fmt::format("{}: {}", choice.origin, e.what()));
  }
}

}  // namespace

std::string StoreChoice::shown_uri() const {
  return origin.empty() ? "sqlite:" + default_sqlite_path() : redact_uri(uri);
}

StoreChoice choose_store(const Globals& globals, bool stdin_is_free) {
  Settings settings = settings_of(globals);
  StoreChoice choice{.password_file = std::move(settings.password_file),
                     .database = std::move(settings.database),
                     .collection_prefix = std::move(settings.collection_prefix),
                     .require_shared = settings.require_shared,
                     .require_shared_origin = std::move(settings.require_shared_origin)};
  if (settings.uri) {
    choice.uri = settings.uri->value;
    choice.origin = settings.uri->origin;
  } else if (settings.uri_file) {
    choice.origin = settings.uri_file->origin;
    choice.uri = read_uri(settings.uri_file->value, choice.origin, stdin_is_free);
    choice.uri_path = settings.uri_file->value;
  }
  return choice;
}

Connection open_connection(Context& context, bool stdin_is_free, ConnectOptions options) {
  return open_connection(context, choose_store(context.globals, stdin_is_free),
                         std::move(options));
}

Connection open_connection(Context& context, StoreChoice choice, ConnectOptions options) {
  refuse_default(choice);
  refuse_names(choice);
  add_password(context, choice);
  Connection connection;
  connection.by_default = choice.origin.empty();
  connection.uri = choice.shown_uri();
  options.database = choice.database.value;
  options.collection_prefix = choice.collection_prefix.value;
  // Only who is heard: a sink needs a thread.
  if (!options.on_event && context.out.verbose()) {
    options.on_event = [&out = context.out](const Event& event) {
      out.detail(fmt::format("{}: {}", to_string(event.kind), event.message));
    };
  }
  if (connection.by_default && isatty(STDERR_FILENO) != 0) context.out.note(kDefaultStoreNotice);
  context.out.detail(fmt::format("store: {} ({})", connection.uri,
                                 connection.by_default ? "the default" : choice.origin));
  connection.session = connect_to(choice, std::move(options));
  if (choice.require_shared && !connection.session->store().shared()) {
    throw Failure(Exit::config,
                  fmt::format("a shared store is required, but only this machine can see {}",
                              internal::quoted(connection.uri)));
  }
  return connection;
}

}  // namespace mongoelector::cli
