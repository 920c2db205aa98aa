#include "cli/session.h"

#include <fmt/format.h>
#include <unistd.h>

#include <iostream>
#include <iterator>
#include <optional>

#include "base/text.h"
#include "cli/given.h"
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
  StoreChoice choice{.database = std::move(settings.database),
                     .require_shared = settings.require_shared,
                     .require_shared_origin = std::move(settings.require_shared_origin)};
  if (settings.uri) {
    choice.uri = settings.uri->value;
    choice.origin = settings.uri->origin;
  } else if (settings.uri_file) {
    choice.origin = settings.uri_file->origin;
    choice.uri = read_uri(settings.uri_file->value, choice.origin, stdin_is_free);
  }
  return choice;
}

Connection open_connection(Context& context, bool stdin_is_free, ConnectOptions options) {
  return open_connection(context, choose_store(context.globals, stdin_is_free),
                         std::move(options));
}

Connection open_connection(Context& context, const StoreChoice& choice, ConnectOptions options) {
  refuse_default(choice);
  Connection connection;
  connection.by_default = choice.origin.empty();
  connection.uri = choice.shown_uri();
  if (choice.origin == "--uri" && connection.uri != choice.uri) {
    context.out.note(
        "warning: the password in --uri was visible to other users of this machine; use "
        "--uri-file or MONGOELECTOR_URI");
  }
  options.database = choice.database.value;
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
