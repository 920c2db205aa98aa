// Value types: what a lease is, who holds it, and how a store answers.
//
// Every layer speaks in these types; they hold no resources, are freely copied and are safe to use
// from any thread like any other value. Words follow the glossary on top of docs/protocol.md.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mongoelector {

using Duration = std::chrono::nanoseconds;

// Wall-clock time, UTC. For people only: no decision of this library is based on a client's wall
// clock.
using WallTime = std::chrono::system_clock::time_point;

// Locks and elections live in separate name spaces: a lock "a" and an election "a" do not exclude
// each other.
enum class Kind : std::uint8_t { lock, election };

std::string_view to_string(Kind kind);

// The name of one lock or one election: non-empty, valid UTF-8, without NUL, at most
// Key::kMaxBytes, byte-exact (no trimming, no case folding; NFC and NFD of the same text are two
// keys).
class Key {
 public:
  static constexpr std::size_t kMaxBytes = 1024;

  // Throws ArgumentError that says what is wrong with `name`.
  Key(Kind kind, std::string_view name);
  static Key lock(std::string_view name) { return {Kind::lock, name}; }
  static Key election(std::string_view name) { return {Kind::election, name}; }

  Kind kind() const { return kind_; }
  const std::string& name() const { return name_; }
  auto operator<=>(const Key&) const = default;

 private:
  Kind kind_;
  std::string name_;
};

// Fencing token of a lease. Every new lease of a key has a larger one than all leases of that key
// before it, for ever: across release, expiry, failover and Python holders. Hand it to whatever the
// lease protects and let that refuse smaller ones. A default-constructed token means "not known"
// and compares below all others.
class Token {
 public:
  constexpr Token() = default;
  constexpr explicit Token(std::uint64_t value) : value_(value) {}
  constexpr std::uint64_t value() const { return value_; }
  constexpr bool known() const { return value_ != 0; }
  constexpr auto operator<=>(const Token&) const = default;

 private:
  std::uint64_t value_ = 0;
};

std::string to_string(Token token);

// Names one acquisition: a random v4 UUID, never used twice. What renew and release match.
class LeaseId {
 public:
  LeaseId() = default;
  explicit LeaseId(std::string text) : text_(std::move(text)) {}
  const std::string& str() const { return text_; }
  bool empty() const { return text_.empty(); }
  auto operator<=>(const LeaseId&) const = default;

 private:
  std::string text_;
};

// Who holds a lease. Only `uuid` identifies; the rest is for people reading it.
struct Holder {
  std::string uuid;  // one per locker or elector object and process
  std::string host;  // fully qualified name if the resolver gives one in a second
  std::int64_t pid = 0;
  std::string label = {};  // a name for people, may be empty
  std::string note = {};   // free text shown to others, may be empty
};

// What a holder needs to renew or release what it acquired.
struct Lease {
  Key key;
  LeaseId id;
  Token token;
  Duration ttl{};
};

// How a store answers a verb. Contention and trouble are values, never exceptions.
enum class Outcome : std::uint8_t {
  granted,      // done as asked: claimed, renewed, released, read
  held,         // claim: somebody else's lease is in force
  lost,         // renew, release, break: that lease is not at the store any more
  unreachable,  // certainly not executed: nobody was there to do it
  unknown,  // it may have happened: the reply was lost, timed out, or not confirmed by a majority
  denied,   // refused for good: authentication, privilege, a server that cannot do this
  damaged,  // the record is not one we understand; it was left alone
};

std::string_view to_string(Outcome outcome);

// What a store holds for a key, as one read or one refused claim showed it.
struct Record {
  Key key;
  Holder holder;
  LeaseId lease_id;  // empty: written by a Python client
  Token token;       // not known while MongoDB's holder has not renewed yet, and for Python holders
  Duration ttl{};    // zero: not recorded (Python)
  Duration remaining{};  // by the store's clock when read; zero or less: expired
  // The store would let a claim take it now: expired, or its process is known dead.
  bool claimable = false;
  std::uint64_t version = 0;  // changes with every renewal; says nothing else
  std::string judge = {};     // whose clock wrote the expiry, where a store has several
  WallTime created_at{};      // display only
  WallTime expires_at{};      // display only
};

// Names one state of one record: a challenger who saw the same mark for longer than the record's
// ttl has seen it standing still, whatever any server clock says (the same-clock rule,
// docs/protocol.md section 3).
struct RecordMark {
  std::string owner;  // lease_id, or the holder's uuid where there is none
  std::uint64_t version = 0;
  // Another clock may write the very same version later.
  std::string judge = {};
  bool operator==(const RecordMark&) const = default;
};

RecordMark mark_of(const Record& record);

}  // namespace mongoelector
