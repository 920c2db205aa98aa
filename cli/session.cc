#include "cli/session.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include "base/text.h"
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
    std::ifstream in(file);
    text.assign(std::istreambuf_iterator<char>(in), {});
    if (!in) {
      throw Failure(Exit::config,
                    fmt::format("{}: cannot read {}", origin, internal::quoted(file)));
    }
  }
  static constexpr char kSpace[] = " \t\r\n";
  text.erase(text.find_last_not_of(kSpace) + 1);
  text.erase(0, text.find_first_not_of(kSpace));
  if (text.empty())
    throw Failure(Exit::config, fmt::format("{}: {} is empty", origin, internal::quoted(file)));
  return text;
}

using Value = std::optional<std::string>;

// One level: a URI or a file with one, not both.
std::optional<StoreChoice> choose(const Value& uri, const std::string& uri_name, const Value& file,
                                  const std::string& file_name, bool stdin_is_free) {
  if (uri && file) {
    throw Failure(Exit::config, fmt::format("{} and {} are both given", uri_name, file_name),
                  "remove one");
  }
  if (uri) return StoreChoice{*uri, uri_name};
  if (file) return StoreChoice{read_uri(*file, file_name, stdin_is_free), file_name};
  return std::nullopt;
}

void refuse_private(const Globals& globals, const StoreChoice& choice) {
  if (!globals.require_shared || !choice.origin.empty()) return;
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

StoreChoice choose_store(const Globals& globals, bool stdin_is_free) {
  if (globals.uri && globals.uri->empty()) throw Failure(Exit::usage, "--uri is empty");
  if (auto choice = choose(globals.uri, "--uri", globals.uri_file, "--uri-file", stdin_is_free))
    return *choice;
  if (auto choice = choose(environment("MONGOELECTOR_URI"), "MONGOELECTOR_URI",
                           environment("MONGOELECTOR_URI_FILE"), "MONGOELECTOR_URI_FILE",
                           stdin_is_free)) {
    return *choice;
  }
  return choose(environment("MONGODB_URI"), "MONGODB_URI", {}, {}, stdin_is_free)
      .value_or(StoreChoice{});
}

Connection open_connection(Context& context, bool stdin_is_free, ConnectOptions options) {
  return open_connection(context, choose_store(context.globals, stdin_is_free),
                         std::move(options));
}

Connection open_connection(Context& context, const StoreChoice& choice, ConnectOptions options) {
  const Globals& globals = context.globals;
  refuse_private(globals, choice);
  Connection connection;
  connection.by_default = choice.origin.empty();
  connection.uri =
      connection.by_default ? "sqlite:" + default_sqlite_path() : redact_uri(choice.uri);
  if (choice.origin == "--uri" && connection.uri != choice.uri) {
    context.out.note(
        "warning: the password in --uri was visible to other users of this machine; use "
        "--uri-file or MONGOELECTOR_URI");
  }
  options.database = globals.database;
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
  if (globals.require_shared && !connection.session->store().shared()) {
    throw Failure(Exit::config,
                  fmt::format("a shared store is required, but only this machine can see {}",
                              internal::quoted(connection.uri)));
  }
  return connection;
}

}  // namespace mongoelector::cli
