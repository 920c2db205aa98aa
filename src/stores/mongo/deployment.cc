#include "stores/mongo/deployment.h"

#include <optional>
#include <utility>

#include "base/records.h"
#include "mongoelector/error.h"

namespace mongoelector::internal::mongo {

namespace {

constexpr std::int64_t kOldestWireVersion = 9;  // server 4.4: expressions in projections
// An hour of grace: with none, a new primary whose clock is ahead would sweep away a living lease.
constexpr std::int32_t kGraceSeconds = 3600;
constexpr int kNamespaceNotFound = 26;

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
    const bool refused =
        failure.source == Source::server || failure.source == Source::write_concern;
    if (!refused) refuse(driver, failure);
    return "expired records of " + database + "." + collection +
           " are not swept: no index on " + on + ": " + failure.message;
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
    if (made.failure) return cannot(*made.failure);
    return std::nullopt;
  }
  if (!present.expire_after || *present.expire_after >= expire_after) return std::nullopt;
  return "the index on " + on + " of " + database + "." + collection + " sweeps after " +
         std::to_string(*present.expire_after) + " s: " + if_sooner;
}

}  // namespace

void check_deployment(Driver& driver, const Names& names) {
  Call call = driver.begin();
  if (call.failure()) refuse(driver, *call.failure());
  const Answer hello = call.run("admin", object({{"hello", std::int32_t{1}}}));
  if (hello.failure) refuse(driver, *hello.failure);
  if (integer(*hello.reply, "maxWireVersion").value_or(0) < kOldestWireVersion) {
    throw ConnectError(ConnectProblem::unsupported,
                       driver.location() +
                           " is older than MongoDB 4.4, the oldest that can hold leases");
  }
  for (const std::string& collection : {names.locks, names.elections}) {
    const Rows rows = call.find(names.database, collection, object({{"_id", ""}}), Bson());
    if (rows.failure) refuse(driver, *rows.failure);
  }
}

std::vector<std::string> prepare_indexes(Driver& driver, const Names& names, PythonFleet fleet) {
  const bool alone = fleet == PythonFleet::none;
  std::vector<std::string> warnings;
  const auto prepare = [&](const std::string& collection, const char* on, std::int32_t after,
                           const char* if_sooner) {
    if (auto warning = prepare_index(driver, names.database, collection, on, after, if_sooner))
      warnings.push_back(std::move(*warning));
  };
  constexpr char kLeases[] =
      "a new primary whose clock is ahead by more than that deletes leases still in force";
  // Zero is the one value that no Python version refuses.
  prepare(names.locks, "ts_expire", alone ? kGraceSeconds : 0, kLeases);
  prepare(names.elections, "ts_expire", alone ? kGraceSeconds : 0, kLeases);
  // Python members make theirs with their own ttl, and some stop at one that differs.
  if (alone) {
    prepare(names.status.front(), "timestamp", kGraceSeconds,
            "members that report less often are not shown");
  }
  constexpr std::chrono::seconds kKept = kKeepTermsFor;
  prepare(names.history, "ts_written", static_cast<std::int32_t>(kKept.count()),
          "the history goes back no further");
  return warnings;
}

}  // namespace mongoelector::internal::mongo
