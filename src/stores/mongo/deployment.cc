#include "stores/mongo/deployment.h"

#include <optional>
#include <utility>

#include "base/records.h"
#include "mongoelector/error.h"
#include "stores/mongo/privileges.h"
#include "stores/mongo/tokens.h"

namespace mongoelector::internal::mongo {

namespace {

constexpr std::int64_t kOldestWireVersion = 9;  // server 4.4: expressions in projections
constexpr std::int64_t kAlwaysMajorityReads = 13;  // server 5.0: they cannot be switched off
constexpr int kNamespaceNotFound = 26;

constexpr int kCommandNotFound = 59;
constexpr int kUnauthorized = 13;

[[noreturn]] void refuse(const Driver& driver, const Failure& failure) {
  ConnectProblem problem = ConnectProblem::unreachable;
  std::string what = "no usable server at ";
  if (outcome_of(failure, Phase::read) == Outcome::denied) {
    problem = failure.source == Source::incompatible ? ConnectProblem::unsupported
                                                     : ConnectProblem::denied;
    what = failure.source == Source::incompatible ? "cannot work with " : "no access to ";
  }
  throw ConnectError(problem, what + driver.location() + ": " + failure.message);
}

[[noreturn]] void refuse_as_unsupported(const std::string& why) {
  throw ConnectError(ConnectProblem::unsupported, why);
}

bool unauthorized(const Failure& failure) {
  return failure.source == Source::server && failure.code == kUnauthorized;
}

Bson greet(Driver& driver, Call& call) {
  Answer hello = call.hello();
  const bool too_old = hello.failure ? hello.failure->source == Source::server &&
                                           hello.failure->code == kCommandNotFound
                                     : integer(*hello.reply, "maxWireVersion").value_or(0) <
                                           kOldestWireVersion;
  if (too_old) {
    const std::string what = call.server().role == Role::router ? "the router " : "the server ";
    refuse_as_unsupported(what + call.server().address +
                          " is older than MongoDB 4.4 and cannot hold leases; upgrade it");
  }
  if (hello.failure) refuse(driver, *hello.failure);
  return std::move(hello.reply);
}

// What makes a collection one in which a key is not one document, or a document cannot change.
std::optional<std::string> unfit_kind(const bson_t& listed) {
  const std::string type = text(listed, "type").value_or("collection");
  if (type == "view") return "is a view";
  if (type == "timeseries") return "is a time-series collection";
  const auto options = part(listed, "options");
  if (options && truth(**options, "capped")) return "is a capped collection";
  if (options && field(**options, "collation"))
    return "has a collation, under which different names may be equal";
  return std::nullopt;
}

// Of collections that are there. False: we may not look, because the server wants to know who we
// are, or because we may do little.
bool check_kinds(Driver& driver, Call& call, const Names& names) {
  Bson either = object({{"$in", list({names.locks, names.elections})}});
  const Answer listing =
      call.run(names.database, object({{"listCollections", std::int32_t{1}},
                                       {"filter", object({{"name", std::move(either)}})}}));
  if (listing.failure && !unauthorized(*listing.failure)) refuse(driver, *listing.failure);
  const auto cursor = part(*listing.reply, "cursor");
  if (!cursor) return false;
  each(**cursor, "firstBatch", [&](const bson_t& listed) {
    const auto kind = unfit_kind(listed);
    if (!kind) return;
    refuse_as_unsupported(names.database + "." + text(listed, "name").value_or("?") + " " + *kind +
                          " and cannot hold leases; drop it or use another database");
  });
  return true;
}

// Sharded by anything but _id, two shards may each have a document of one key.
void check_shard_key(Call& call, const std::string& database, const std::string& collection) {
  if (call.server().role != Role::router) return;
  const std::string name = database + "." + collection;
  const Rows rows = call.find("config", "collections", object({{"_id", name}}), Bson());
  if (rows.failure || rows.documents.empty() || truth(*rows.documents.front(), "dropped")) return;
  const auto key = part(*rows.documents.front(), "key");
  if (!key || (bson_count_keys(key->get()) == 1 && field(**key, "_id"))) return;
  refuse_as_unsupported(name + " is sharded by something else than _id and cannot hold leases; "
                               "leave it unsharded or shard it by _id");
}

void check_read(Driver& driver, Call& call, const std::string& database,
                const std::string& collection) {
  const Rows rows = call.find(database, collection, object({{"_id", ""}}), Bson());
  if (!rows.failure) return;
  Failure failure = *rows.failure;
  failure.message = explain(call, failure, database, collection);
  refuse(driver, failure);
}

std::size_t members_in(const Bson& hello, const char* name) {
  const auto list = part(*hello, name);
  return list ? bson_count_keys(list->get()) : 0;
}

std::optional<std::string> arbiter_warning(const Bson& hello) {
  const std::size_t arbiters = members_in(hello, "arbiters");
  const std::size_t data = members_in(hello, "hosts") + members_in(hello, "passives");
  const std::size_t majority = (data + arbiters) / 2 + 1;
  if (arbiters == 0 || data > majority) return std::nullopt;
  return "of " + std::to_string(data + arbiters) + " members " + std::to_string(arbiters) +
         " only vote: with one of the others down there is a primary, but no lease can be taken "
         "or renewed; replace the arbiter by a member with data";
}

struct Index {
  bool exists = false;
  std::optional<std::int64_t> expire_after = {};
};

// The index that begins, and ends, with `field`.
Index index_on(const Bson& listing, const char* name) {
  const auto cursor = part(*listing, "cursor");
  const auto batch = cursor ? part(**cursor, "firstBatch") : std::nullopt;
  for (std::uint32_t i = 0; batch; ++i) {
    const auto index = part(**batch, std::to_string(i).c_str());
    if (!index) break;
    const auto key = part(**index, "key");
    if (!key || bson_count_keys(key->get()) != 1 || !field(**key, name)) continue;
    const auto after = number(**index, "expireAfterSeconds");
    return {.exists = true,
            .expire_after =
                after ? std::optional(static_cast<std::int64_t>(*after)) : std::nullopt};
  }
  return {};
}

std::optional<std::string> prepare_index(Driver& driver, const std::string& database,
                                         const std::string& collection, const std::string& on,
                                         std::int32_t expire_after, const char* if_sooner) {
  // Only a refusal is worth no more than a warning.
  const auto cannot = [&](const Failure& failure) {
    if (failure.source != Source::server) refuse(driver, failure);
    return "expired records of " + database + "." + collection +
           " are not swept unless somebody makes an index on " + on + ": " +
           (unauthorized(failure) ? "no privilege for indexes" : failure.message);
  };
  Call call = driver.begin();
  if (call.failure()) refuse(driver, *call.failure());
  const Answer listing = call.run(database, object({{"listIndexes", collection}}));
  const bool missing = listing.failure && listing.failure->source == Source::server &&
                       listing.failure->code == kNamespaceNotFound;
  if (listing.failure && !missing) return cannot(*listing.failure);
  const Index present = index_on(listing.reply, on.c_str());
  if (!present.exists) {
    const Answer made = call.write(
        database, object({{"createIndexes", collection},
                          {"indexes", list({object({{"key", object({{on, std::int32_t{1}}})},
                                                    {"name", on + "_1"},
                                                    {"expireAfterSeconds", expire_after}})})}}));
    // It is there before its majority is.
    if (made.failure && made.failure->source != Source::write_concern)
      return cannot(*made.failure);
    return std::nullopt;
  }
  if (!present.expire_after) {
    return "expired records of " + database + "." + collection + " are not swept: the index on " +
           on + " that is there has no expireAfterSeconds";
  }
  if (*present.expire_after >= expire_after) return std::nullopt;
  return "the index on " + on + " of " + database + "." + collection + " sweeps after " +
         std::to_string(*present.expire_after) + " s: " + if_sooner;
}

}  // namespace

Deployment check_deployment(Driver& driver, const Names& names) {
  Call call = driver.begin();
  if (call.failure()) refuse(driver, *call.failure());
  const Bson hello = greet(driver, call);
  Deployment found{.time = wall_time(*hello, "localTime")};
  const auto warn = [&](std::optional<std::string> warning) {
    if (warning) found.warnings.push_back(std::move(*warning));
  };
  warn(arbiter_warning(hello));
  const bool may_lack_majority_reads =
      integer(*hello, "maxWireVersion").value_or(0) < kAlwaysMajorityReads;
  const bool listed = check_kinds(driver, call, names);
  const Login login = driver.logs_in() ? Login(call) : Login();
  for (const std::string& collection : {names.locks, names.elections}) {
    // A server that lists for somebody without a name lets him read too, and one of 5.0 can read
    // what a majority has.
    if (!listed || may_lack_majority_reads || !login.may("find", names.database, collection))
      check_read(driver, call, names.database, collection);
    check_shard_key(call, names.database, collection);
    warn(login.lacking(names.database, collection));
    if (call.server().role == Role::standalone)
      warn(login.lacking(names.database, tokens_beside(collection)));
  }
  for (const std::string& collection : names.status)
    warn(login.lacking(names.database, collection));
  return found;
}

std::vector<std::string> prepare_indexes(Driver& driver, const Names& names, PythonFleet fleet,
                                         const std::stop_token& stop) {
  const bool alone = fleet == PythonFleet::none;
  std::vector<std::string> warnings;
  const auto prepare = [&](const std::string& collection, const char* on,
                           std::chrono::seconds after, const char* if_sooner) {
    if (stop.stop_requested()) return;
    if (auto warning = prepare_index(driver, names.database, collection, on,
                                     static_cast<std::int32_t>(after.count()), if_sooner))
      warnings.push_back(std::move(*warning));
  };
  constexpr char kLeases[] =
      "a new primary whose clock is ahead by more than that deletes leases still in force";
  // Zero is the one value that no Python version refuses.
  const std::chrono::seconds leases_after = alone ? kSweepLeasesAfter : std::chrono::hours(0);
  prepare(names.locks, "ts_expire", leases_after, kLeases);
  prepare(names.elections, "ts_expire", leases_after, kLeases);
  // Python members make theirs with their own ttl, and some stop at one that differs.
  if (alone) {
    prepare(names.status.front(), "timestamp", kSweepMembersAfter,
            "members that report less often are not shown");
  }
  prepare(names.history, "ts_written", kKeepTermsFor, "the history goes back no further");
  return warnings;
}

}  // namespace mongoelector::internal::mongo
