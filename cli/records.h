// Records of the store as this tool shows them, in text and in JSON.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/failure.h"
#include "cli/session.h"
#include "mongoelector/store.h"

namespace mongoelector::cli {

// A name as the user typed it: "lock/NAME", "election/NAME", or NAME for either.
struct Target {
  std::optional<Kind> kind;
  std::string name;
};
// `only`: for commands that are about one kind; then a prefix of the other is part of the name.
// Throws ArgumentError if it cannot be the name of anything.
Target parse_target(std::string_view text, std::optional<Kind> only = {});

// What the store holds under a target.
struct Found {
  std::optional<Record> lock;
  std::optional<Record> election;
};
// Throws StoreError.
Found find_records(LeaseStore& store, const Target& target);
// For commands that need one: the record, or nothing if there is none. Throws Failure if the name
// could mean two.
std::optional<Record> find_record(LeaseStore& store, const Target& target);

// A flag that takes a token. One parser and one error text for all of them.
void add_token(Flags& flags, const std::string& name, std::optional<Token>& token,
               const std::string& description);
// The lease in force under `name`. Throws Failure if there is none, or one with another token.
Record find_lease(LeaseStore& store, const std::string& name, const Target& target,
                  std::optional<Token> wanted);

// How many wait for locks of this prefix, or nothing where that is not kept or may not be read.
std::optional<std::map<Key, std::int64_t>> ask_waiters(LeaseStore& store,
                                                       const std::string& prefix);
std::int64_t waiting_for(const std::map<Key, std::int64_t>& waiting, const Key& key);

// Throws StoreError if the reply says that the store did not do as asked. `what` starts the
// message: "reading lock \"a\"".
void require_answer(Outcome outcome, const std::string& detail, const std::string& what);

// Somebody holds it now.
bool live(const Record& record);

// Label, else host, safe to show.
std::string holder_name(const Holder& holder);
std::string holder_name(const Record& record);
// Enough to tell two of one host apart.
std::string short_id(const std::string& uuid);
// "batch-1 (pid 977, id 9f3c)"
std::string describe_holder(const Holder& holder);
std::string describe_holder(const Record& record);
// "26.1s", "12m3s", "3h4m"
std::string brief(Duration value);
// By the store's clock, as the record was read.
Duration held_for(const Record& record);
// Nothing for a Python holder, whose ttl is not recorded.
std::optional<Duration> since_renewal(const Record& record);
// As far as its last renewal tells.
bool seems_alive(const Record& record);
// "renewed 3.9s ago, lease ends in 26.1s"
std::string last_sign(const Record& record);
std::string show_token(Token token);

Json token_json(Token token);
Json seconds_json(Duration value);
Json time_json(WallTime value);
// {"label", "host", "pid", "id", "version"}
Json holder_json(const Holder& holder, const std::string& version = {});
Json store_json(const Connection& connection, const StoreInfo& info);

// What a lock and a listing say about a lease in force, all null without one: the holder, token,
// acquired_at, held_for_seconds, the keys of add_lease(), note.
void add_holding(Json& object, const std::optional<Record>& record,
                 const std::string& version = {});
// lease_ttl_seconds, lease_remaining_seconds and renewed_at.
void add_lease(Json& object, const std::optional<Record>& record);

}  // namespace mongoelector::cli
