// The MongoDB driver behind a small face: raw commands to one chosen server, and errors as values.
//
// Every setting that a promise rests on is ours, on our own copy of the URI: no retries by the
// driver (they double the worst case and go back to the same hung server), majority writes, primary
// reads, and timeouts from the call budget C: connect, socket, selection and queue each wait at
// most C, a majority 3/4 C. No driver of this line bounds a whole call, so one may take a few C
// while a connection is being made; safety never rests on it.
//
// The driver's log is one per process and goes to stdout and stderr unless somebody takes it. A
// library that promises to write nothing has to: it is silenced when the first store is opened. An
// application that wants it sets its own handler after that.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "mongoelector/lease.h"
#include "stores/mongo/bson.h"
#include "stores/mongo/outcomes.h"

struct _mongoc_client_session_t;
struct _mongoc_client_t;

namespace mongoelector::internal::mongo {

// What a call is bounded by until limit_calls() says less: right for a ttl of 15 s.
inline constexpr Duration kFirstBudget = std::chrono::milliseconds(1500);
// Less than this and a healthy server across a room would time out while connecting.
inline constexpr Duration kSmallestBudget = std::chrono::milliseconds(200);

enum class Role : std::uint8_t { standalone, primary, router, other };

// The server a call talks to.
struct Server {
  std::uint32_t id = 0;
  Role role = Role::other;
  std::string address;  // as we reach it
  std::string member;   // replica set: its name in the set's configuration, whoever asks
};

struct Answer {
  Bson reply = {};  // whole, also with a failure, as far as there was one
  std::optional<Failure> failure = {};
};

struct Rows {
  std::vector<Bson> documents = {};
  std::optional<Failure> failure = {};
};

// What connections of a URI need beside the driver's own code.
struct Demands {
  bool libraries = false;  // those for TLS, a login or compression
  bool kerberos = false;   // SASL with its plug-ins too
};

// In a program that has these libraries loaded only when needed: called before the first connection
// of a URI that needs any. It may throw ConnectError.
inline void (*meet_demands)(const Demands&) = nullptr;

class Pool;

// One connection and the server picked for it, for the time of one verb. Not for two threads.
class Call {
 public:
  explicit Call(std::shared_ptr<Pool> pool);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Set when there is no connection or no server that takes writes: then nothing else may be used.
  const std::optional<Failure>& failure() const { return failure_; }
  const Server& server() const { return server_; }

  // On exactly server(), majority. A write error or write concern error is a failure too.
  Answer write(const std::string& database, const Bson& command);
  // On the primary at that time, majority read concern; all rows.
  Rows find(const std::string& database, const std::string& collection, const Bson& filter,
            Bson options);
  // On exactly server(), as it is.
  Answer run(const std::string& database, const Bson& command);
  // What server() said to the driver's latest hello; asked now where the driver keeps none.
  Answer hello();
  // Makes whoever waits for the server's next write look up: the end of a transaction that only
  // read is logged like one. Changes nothing, promises nothing.
  void stir(const std::string& database, const std::string& collection);

 private:
  std::shared_ptr<Pool> pool_;
  _mongoc_client_t* client_ = nullptr;
  std::optional<Failure> failure_;
  Server server_;
};

// A connection of its own to the server that takes writes, for commands that the server may take
// its time to answer. It has no monitors: after a failure make a new one. Used by one thread.
class Channel {
 public:
  // A command that is not answered within `patience` has failed.
  Channel(const std::string& uri, const std::string& application, Duration patience);
  ~Channel();  // may say goodbye to the server
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // Set when there is no server: then run() must not be called.
  const std::optional<Failure>& failure() const { return failure_; }
  const Server& server() const { return server_; }
  // On exactly server(), as it is, all in one session as cursors want it.
  Answer run(const std::string& database, const Bson& command);

 private:
  _mongoc_client_t* client_ = nullptr;
  _mongoc_client_session_t* session_ = nullptr;  // none on a standalone server
  std::optional<Failure> failure_;
  Server server_;
};

// Of the library in use.
std::string driver_version();

class Driver {
 public:
  // Throws ConnectError (bad_uri). Connects to nothing yet.
  Driver(const std::string& uri, const std::string& application);

  Call begin();
  // Hands a call to `job` on a thread of its own and returns at once. Best effort.
  void aside(std::function<void(Call&)> job);
  // Blocks until it is connected, a few seconds at most. See Channel.
  std::unique_ptr<Channel> channel(Duration patience) const;
  // Only ever shrinks. Calls under way keep the bounds they began with.
  void limit_calls(Duration budget);

  const std::string& database() const { return database_; }  // of the URI, may be empty
  const std::string& location() const { return location_; }  // hosts, without user or secrets
  bool logs_in() const { return logs_in_; }                  // the URI says as whom

 private:
  std::shared_ptr<Pool> pool();

  std::string uri_;
  std::string application_;
  std::string database_;
  std::string location_;
  bool logs_in_ = false;
  std::mutex mutex_;
  Duration budget_ = kFirstBudget;
  std::shared_ptr<Pool> pool_;
};

}  // namespace mongoelector::internal::mongo
