#include "stores/mongo/driver.h"

#include <mongoc/mongoc.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <sstream>
#include <system_error>
#include <utility>

#include "base/thread.h"
#include "mongoelector/connect.h"
#include "mongoelector/error.h"

namespace mongoelector::internal::mongo {

namespace {

using std::chrono::milliseconds;

constexpr int kErrorApi = 2;  // server codes come as such, not mixed with the driver's own
// After a broken connection the driver waits for its monitor's next look, so a small budget needs
// frequent looks. 500 ms is the least the driver takes.
constexpr Duration kHeartbeat = milliseconds(1000);
constexpr Duration kQuickHeartbeat = milliseconds(500);
// A URI may ask for fewer connections, but then renewals would wait for other calls.
constexpr std::int32_t kFewestConnections = 10;
// Nothing waits for a channel, so it need not hurry: long enough for a planned election.
constexpr Duration kChannelConnect = milliseconds(2000);

template <class T, void (*destroy)(T*)>
struct Destroyer {
  void operator()(T* what) const { destroy(what); }
};
template <class T, void (*destroy)(T*)>
using Owned = std::unique_ptr<T, Destroyer<T, destroy>>;

using Uri = Owned<mongoc_uri_t, mongoc_uri_destroy>;
using Prefs = Owned<mongoc_read_prefs_t, mongoc_read_prefs_destroy>;
using WriteConcern = Owned<mongoc_write_concern_t, mongoc_write_concern_destroy>;
using Cursor = Owned<mongoc_cursor_t, mongoc_cursor_destroy>;
using Collection = Owned<mongoc_collection_t, mongoc_collection_destroy>;
using Session = Owned<mongoc_client_session_t, mongoc_client_session_destroy>;
using SessionOptions = Owned<mongoc_session_opt_t, mongoc_session_opts_destroy>;
using Description = Owned<mongoc_server_description_t, mongoc_server_description_destroy>;

void say_nothing(mongoc_log_level_t, const char*, const char*, void*) {}

// Never undone: the driver cannot be initialised twice in a process, and others may use it.
void initialise_driver() {
  static std::once_flag once;
  std::call_once(once, [] {
    mongoc_init();
    mongoc_log_set_handler(say_nothing, nullptr);
  });
}

Source source_of(const bson_error_t& error) {
  switch (error.domain) {
    case MONGOC_ERROR_SERVER_SELECTION: return Source::not_sent;
    case MONGOC_ERROR_STREAM:
      switch (error.code) {
        case MONGOC_ERROR_STREAM_NAME_RESOLUTION:
        case MONGOC_ERROR_STREAM_CONNECT:
        case MONGOC_ERROR_STREAM_NOT_ESTABLISHED: return Source::not_sent;
        default: return Source::network;
      }
    case MONGOC_ERROR_SERVER: return Source::server;
    case MONGOC_ERROR_WRITE_CONCERN: return Source::write_concern;
    case MONGOC_ERROR_CLIENT:
      return error.code == MONGOC_ERROR_CLIENT_AUTHENTICATE ? Source::authentication
                                                            : Source::usage;
    case MONGOC_ERROR_PROTOCOL:
      // Anything but the version check happened to a reply, after the command was sent.
      return error.code == MONGOC_ERROR_PROTOCOL_BAD_WIRE_VERSION ? Source::incompatible
                                                                  : Source::network;
    default: return Source::usage;
  }
}

Failure failure_of(const bson_error_t& error) {
  return {.source = source_of(error),
          .code = static_cast<int>(error.code),
          .message = error.message};
}

Failure failure_in(Source source, const bson_t& description) {
  return {.source = source,
          .code = static_cast<int>(integer(description, "code").value_or(0)),
          .message = text(description, "errmsg").value_or("no reason given")};
}

// What a reply with ok:1 may still complain about.
std::optional<Failure> complaint_in(const bson_t& reply) {
  if (const auto errors = part(reply, "writeErrors")) {
    if (const auto first = part(**errors, "0")) return failure_in(Source::server, **first);
  }
  if (const auto error = part(reply, "writeConcernError"))
    return failure_in(Source::write_concern, **error);
  return std::nullopt;
}

Role role_of(const std::string& type) {
  if (type == "RSPrimary") return Role::primary;
  if (type == "Standalone") return Role::standalone;
  if (type == "Mongos" || type == "LoadBalancer") return Role::router;
  return Role::other;
}

Server described(const mongoc_server_description_t& description) {
  const bson_t* hello = mongoc_server_description_hello_response(&description);
  return {.id = mongoc_server_description_id(&description),
          .role = role_of(mongoc_server_description_type(&description)),
          .address = mongoc_server_description_host(&description)->host_and_port,
          .member = text(*hello, "me").value_or("")};
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// The driver tells the type of the options that are merely typed; these it reads one by one.
constexpr std::array<std::string_view, 8> kUntyped{
    "authmechanism", "authmechanismproperties", "authsource",         "compressors",
    "gssapiservicename", "readconcernlevel",    "readpreferencetags", "w"};

bool known_option(const std::string& name) {
  return std::find(kUntyped.begin(), kUntyped.end(), lower(name)) != kUntyped.end() ||
         mongoc_uri_option_is_int32(name.c_str()) || mongoc_uri_option_is_int64(name.c_str()) ||
         mongoc_uri_option_is_bool(name.c_str()) || mongoc_uri_option_is_utf8(name.c_str());
}

// An @ that was not written %40: half a password stands where the host should.
bool has_a_strange_host(const mongoc_uri_t& parsed) {
  const char* looked_up = mongoc_uri_get_srv_hostname(&parsed);
  if (looked_up != nullptr && std::strchr(looked_up, '@') != nullptr) return true;
  for (const auto* host = mongoc_uri_get_hosts(&parsed); host != nullptr; host = host->next)
    if (host->host[0] != '/' && std::strchr(host->host, '@') != nullptr) return true;
  return false;
}

// The first name of the list that the driver passed over; nothing if it took all of them.
std::optional<std::string> strange_compressor(const std::string& escaped,
                                              const mongoc_uri_t& parsed) {
  const std::unique_ptr<char, decltype(&bson_free)> list(mongoc_uri_unescape(escaped.c_str()),
                                                         bson_free);
  std::istringstream names((list ? list.get() : escaped) + std::string(","));
  for (std::string name; std::getline(names, name, ',');) {
    if (!bson_has_field(mongoc_uri_get_compressors(&parsed), name.c_str())) return name;
  }
  return std::nullopt;
}

std::string mechanism_of(const mongoc_uri_t& uri) {
  const char* mechanism = mongoc_uri_get_auth_mechanism(&uri);
  return mechanism == nullptr ? "" : lower(mechanism);
}

// What is wrong with a URI that the driver takes: it ignores an option that it does not know, with
// a word in its log, and a mistyped "tls" must not go unnoticed. Its log is no way to hear of it,
// because it belongs to whoever in the process asked for it last.
std::string overlooked(const std::string& uri, const mongoc_uri_t& parsed) {
  if (has_a_strange_host(parsed)) return "an @ in a name or a password is written %40";
  // The driver speaks TLS then, and crashes for want of what TLS needs.
  if (mechanism_of(parsed) == "mongodb-x509" && !mongoc_uri_get_tls(&parsed))
    return "MONGODB-X509 needs tls=true, and the certificate as tlsCertificateKeyFile";
  std::optional<std::string> compressors;  // the last one counts
  // A password may hold a '?', but no '/'.
  const std::size_t query = uri.find('?', uri.find('/', uri.find("://") + 3));
  for (std::size_t at = query + 1 == uri.size() ? uri.npos : query; at != uri.npos;) {
    const std::size_t begin = at + 1;
    at = uri.find('&', begin);
    const std::string option = uri.substr(begin, at - begin);
    if (option.empty()) return "an option is empty";
    const std::size_t is = std::min(option.find('='), option.size());
    const std::string name = option.substr(0, is);
    if (!known_option(name)) return "there is no option \"" + name + '"';
    if (lower(name) == MONGOC_URI_COMPRESSORS)
      compressors = option.substr(std::min(is + 1, option.size()));
  }
  const auto strange = compressors ? strange_compressor(*compressors, parsed) : std::nullopt;
  return strange ? "there is no compressor \"" + *strange + '"' : "";
}

// The driver quotes what it cannot read, a password too: kept only where the URI itself may show
// it.
std::string without_secrets(const std::string& why, const std::string& uri) {
  const std::string shown = lower(redact_uri(uri));
  const std::size_t first = why.find('"');
  bool quoted = false;
  for (std::size_t from = 0; from <= why.size(); quoted = !quoted) {
    const std::size_t end = std::min(why.find('"', from), why.size());
    const std::string piece = lower(why.substr(from, end - from));
    if (quoted && (end == why.size() || shown.find(piece) == std::string::npos))
      return why.substr(0, first) + "***";
    from = end + 1;
  }
  return why;
}

Uri parse(const std::string& uri) {
  bson_error_t error{};
  Uri parsed(mongoc_uri_new_with_error(uri.c_str(), &error));
  const std::string why = parsed ? overlooked(uri, *parsed) : error.message;
  if (!why.empty()) {
    throw ConnectError(ConnectProblem::bad_uri,
                       "the MongoDB URI cannot be read: " + without_secrets(why, uri));
  }
  return parsed;
}

std::string location_of(const mongoc_uri_t& uri) {
  std::string location;
  if (const char* name = mongoc_uri_get_srv_hostname(&uri)) {
    location = std::string("mongodb+srv://") + name;
  } else {
    location = "mongodb://";
    for (const auto* host = mongoc_uri_get_hosts(&uri); host != nullptr; host = host->next)
      location += std::string(host->host_and_port) + (host->next ? "," : "");
  }
  const char* set = mongoc_uri_get_replica_set(&uri);
  return location + (set == nullptr ? "" : std::string("/?replicaSet=") + set);
}

bool asks_for_login(const mongoc_uri_t& uri) {
  return mongoc_uri_get_username(&uri) != nullptr || mongoc_uri_get_auth_mechanism(&uri) != nullptr;
}

Demands demands_of(const mongoc_uri_t& uri) {
  // Hosts that are looked up by SRV speak TLS unless the URI says otherwise.
  return {.libraries = mongoc_uri_get_tls(&uri) || asks_for_login(uri) ||
                       mongoc_uri_get_srv_hostname(&uri) != nullptr ||
                       bson_count_keys(mongoc_uri_get_compressors(&uri)) > 0,
          .kerberos = mechanism_of(uri) == "gssapi"};
}

// Runs `job` where nobody waits for it; false if there are no more threads.
bool run_aside(const std::function<void()>& job) {
  try {
    start_thread(job).detach();
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

int ms_of(Duration value) {
  return static_cast<int>(std::chrono::duration_cast<milliseconds>(value).count());
}

// The user's URI with what our promises rest on.
Uri hardened(const std::string& uri, Duration connect, Duration reply) {
  Uri ours = parse(uri);
  for (const char* option : {MONGOC_URI_CONNECTTIMEOUTMS, MONGOC_URI_SERVERSELECTIONTIMEOUTMS})
    mongoc_uri_set_option_as_int32(ours.get(), option, ms_of(connect));
  mongoc_uri_set_option_as_int32(ours.get(), MONGOC_URI_SOCKETTIMEOUTMS, ms_of(reply));
  mongoc_uri_set_option_as_bool(ours.get(), MONGOC_URI_RETRYWRITES, false);
  mongoc_uri_set_option_as_bool(ours.get(), MONGOC_URI_RETRYREADS, false);
  const Prefs primary(mongoc_read_prefs_new(MONGOC_READ_PRIMARY));
  mongoc_uri_set_read_prefs_t(ours.get(), primary.get());
  return ours;
}

// Fills in the server that takes writes, or says why there is none.
std::optional<Failure> pick(mongoc_client_t* client, Server& server) {
  bson_error_t error{};
  const Description picked(mongoc_client_select_server(client, true, nullptr, &error));
  if (!picked) return failure_of(error);
  server = described(*picked);
  if (server.role != Role::other) return std::nullopt;
  // Only a URI that names one server directly brings us to another.
  return Failure{.source = Source::not_sent,
                 .message = server.address +
                            " is not a primary; with replicaSet=NAME in the URI it would be found"};
}

}  // namespace

// Destroying the driver's pool sends endSessions and joins monitors that look up every 500 ms; with
// a server that hangs it takes seconds. Whoever gives up a pool must not wait for that, so a thread
// of its own does it, which calls nothing of ours.
class Pool {
 public:
  Pool(const std::string& uri, const std::string& application, Duration budget) {
    const Uri ours = hardened(uri, budget, budget);
    mongoc_uri_set_option_as_int32(ours.get(), MONGOC_URI_WAITQUEUETIMEOUTMS, ms_of(budget));
    mongoc_uri_set_option_as_int32(ours.get(), MONGOC_URI_HEARTBEATFREQUENCYMS,
                                   ms_of(budget < kHeartbeat ? kQuickHeartbeat : kHeartbeat));
    const std::int32_t connections =
        mongoc_uri_get_option_as_int32(ours.get(), MONGOC_URI_MAXPOOLSIZE, 100);
    mongoc_uri_set_option_as_int32(ours.get(), MONGOC_URI_MAXPOOLSIZE,
                                   std::max(connections, kFewestConnections));
    const WriteConcern majority(mongoc_write_concern_new());
    mongoc_write_concern_set_wmajority(majority.get(), ms_of(budget * 3 / 4));
    mongoc_uri_set_write_concern(ours.get(), majority.get());
    bson_error_t error{};
    pool_ = mongoc_client_pool_new_with_error(ours.get(), &error);
    if (pool_ == nullptr) {
      const bool unknown_name = error.domain == MONGOC_ERROR_STREAM;
      throw ConnectError(
          unknown_name ? ConnectProblem::unreachable : ConnectProblem::bad_uri,
          without_secrets(error.message, uri));
    }
    mongoc_client_pool_set_error_api(pool_, kErrorApi);
    if (!application.empty()) mongoc_client_pool_set_appname(pool_, application.c_str());
  }

  ~Pool() {
    // Without a thread it takes the time it takes.
    if (!run_aside([pool = pool_] { mongoc_client_pool_destroy(pool); }))
      mongoc_client_pool_destroy(pool_);
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  mongoc_client_t* pop() { return mongoc_client_pool_pop(pool_); }
  void push(mongoc_client_t* client) { mongoc_client_pool_push(pool_, client); }

 private:
  mongoc_client_pool_t* pool_ = nullptr;
};

Call::Call(std::shared_ptr<Pool> pool) : pool_(std::move(pool)), client_(pool_->pop()) {
  if (client_ == nullptr) {
    failure_ = {.source = Source::not_sent, .message = "all connections are in use"};
    return;
  }
  failure_ = pick(client_, server_);
}

Call::~Call() {
  if (client_ != nullptr) pool_->push(client_);
}

Answer Call::write(const std::string& database, const Bson& command) {
  const Bson options = object({{"serverId", static_cast<std::int32_t>(server_.id)}});
  bson_error_t error{};
  bson_t reply;
  const bool done = mongoc_client_write_command_with_opts(
      client_, database.c_str(), command.get(), options.get(), &reply, &error);
  Answer answer{.reply = Bson(reply)};
  bson_destroy(&reply);
  answer.failure = complaint_in(*answer.reply);
  if (!done && !answer.failure) answer.failure = failure_of(error);
  return answer;
}

Answer Call::run(const std::string& database, const Bson& command) {
  bson_error_t error{};
  bson_t reply;
  const bool done = mongoc_client_command_simple_with_server_id(
      client_, database.c_str(), command.get(), nullptr, server_.id, &reply, &error);
  Answer answer{.reply = Bson(reply)};
  bson_destroy(&reply);
  if (!done) answer.failure = failure_of(error);
  return answer;
}

Answer Call::hello() {
  const Description kept(mongoc_client_get_server_description(client_, server_.id));
  const bson_t* said = kept ? mongoc_server_description_hello_response(kept.get()) : nullptr;
  if (said != nullptr && !bson_empty(said)) return {.reply = Bson(*said)};
  // Behind a load balancer nobody monitors.
  return run("admin", object({{"hello", std::int32_t{1}}}));
}

void Call::stir(const std::string& database, const std::string& collection) {
  bson_error_t error{};
  const Session session(mongoc_client_start_session(client_, nullptr, &error));
  const Bson options = object({{"limit", std::int64_t{1}}});
  if (!session || !mongoc_client_session_start_transaction(session.get(), nullptr, &error) ||
      !mongoc_client_session_append(session.get(), options.get(), &error)) {
    return;
  }
  {
    const Collection where(
        mongoc_client_get_collection(client_, database.c_str(), collection.c_str()));
    const Cursor cursor(mongoc_collection_find_with_opts(where.get(), object({{"_id", ""}}).get(),
                                                         options.get(), nullptr));
    const bson_t* document = nullptr;
    while (mongoc_cursor_next(cursor.get(), &document)) {
    }
  }
  mongoc_client_session_commit_transaction(session.get(), nullptr, &error);
}

Rows Call::find(const std::string& database, const std::string& collection, const Bson& filter,
                Bson options) {
  append(options, {"readConcern", object({{"level", "majority"}})});
  const Prefs primary(mongoc_read_prefs_new(MONGOC_READ_PRIMARY));
  const Collection where(
      mongoc_client_get_collection(client_, database.c_str(), collection.c_str()));
  const Cursor cursor(
      mongoc_collection_find_with_opts(where.get(), filter.get(), options.get(), primary.get()));
  Rows rows;
  const bson_t* document = nullptr;
  while (mongoc_cursor_next(cursor.get(), &document)) rows.documents.emplace_back(*document);
  bson_error_t error{};
  if (mongoc_cursor_error(cursor.get(), &error)) rows.failure = failure_of(error);
  return rows;
}

Channel::Channel(const std::string& uri, const std::string& application, Duration patience) {
  const Uri ours = hardened(uri, kChannelConnect, patience);
  // Without monitors the driver gives up after its first look, and a look may find an election.
  mongoc_uri_set_option_as_bool(ours.get(), MONGOC_URI_SERVERSELECTIONTRYONCE, false);
  bson_error_t error{};
  client_ = mongoc_client_new_from_uri_with_error(ours.get(), &error);
  if (client_ == nullptr) {
    failure_ = failure_of(error);
    return;
  }
  mongoc_client_set_error_api(client_, kErrorApi);
  if (!application.empty()) mongoc_client_set_appname(client_, application.c_str());
  failure_ = pick(client_, server_);
  if (failure_) return;
  const SessionOptions independent(mongoc_session_opts_new());
  mongoc_session_opts_set_causal_consistency(independent.get(), false);
  session_ = mongoc_client_start_session(client_, independent.get(), &error);
  if (session_ == nullptr && server_.role != Role::standalone) failure_ = failure_of(error);
}

Channel::~Channel() {
  if (session_ != nullptr) mongoc_client_session_destroy(session_);
  if (client_ != nullptr) mongoc_client_destroy(client_);
}

Answer Channel::run(const std::string& database, const Bson& command) {
  const Bson options = object({{"serverId", static_cast<std::int32_t>(server_.id)}});
  bson_error_t error{};
  if (session_ != nullptr && !mongoc_client_session_append(session_, options.get(), &error))
    return {.failure = failure_of(error)};
  bson_t reply;
  const bool done = mongoc_client_command_with_opts(client_, database.c_str(), command.get(),
                                                    nullptr, options.get(), &reply, &error);
  Answer answer{.reply = Bson(reply)};
  bson_destroy(&reply);
  if (!done) answer.failure = failure_of(error);
  return answer;
}

Driver::Driver(const std::string& uri, const std::string& application)
    : uri_(uri), application_(application) {
  initialise_driver();
  const Uri parsed = parse(uri);
  const char* database = mongoc_uri_get_database(parsed.get());
  database_ = database == nullptr ? "" : database;
  location_ = location_of(*parsed);
  logs_in_ = asks_for_login(*parsed);
  const Demands demands = demands_of(*parsed);
  if (meet_demands != nullptr && demands.libraries) meet_demands(demands);
  pool_ = std::make_shared<Pool>(uri_, application_, budget_);
}

std::shared_ptr<Pool> Driver::pool() {
  const std::lock_guard lock(mutex_);
  return pool_;
}

Call Driver::begin() { return Call(pool()); }

void Driver::aside(std::function<void(Call&)> job) {
  run_aside([pool = pool(), job = std::move(job)] {
    Call call(pool);
    job(call);
  });
}

std::unique_ptr<Channel> Driver::channel(Duration patience) const {
  return std::make_unique<Channel>(uri_, application_, patience);
}

void Driver::limit_calls(Duration budget) {
  const Duration wanted = std::max(budget, kSmallestBudget);
  {
    const std::lock_guard lock(mutex_);
    if (wanted >= budget_) return;
    budget_ = wanted;
  }
  // The driver takes timeouts with the URI only. Making a pool may ask a name server, so no call
  // waits for it; the pool it replaces goes with the last call that uses it.
  auto pool = std::make_shared<Pool>(uri_, application_, wanted);
  const std::lock_guard lock(mutex_);
  if (budget_ == wanted) pool_.swap(pool);
}

std::string driver_version() { return mongoc_get_version(); }

}  // namespace mongoelector::internal::mongo
