#include "stores/mongo/tokens.h"

#include <utility>

namespace mongoelector::internal::mongo {

namespace {

// Of a Timestamp. Milliseconds stand where it counts, so that a counter that was lost begins beyond
// every token it gave out.
constexpr std::int64_t kSecond = std::int64_t{1} << 32;
constexpr std::int64_t kMillisecond = std::int64_t{1} << 22;

// Starts at the server's time in the encoding of operationTime, so that a deployment may change
// between standalone and replica set; never goes back whatever that clock does.
Bson raised() {
  const auto call = [](std::string_view name, Value operand) {
    return object({{name, std::move(operand)}});
  };
  Bson known = call("$cond", list({call("$isNumber", "$n"), call("$toLong", "$n"),
                                   std::int64_t{0}}));
  Bson next = call("$add", list({std::move(known), std::int64_t{1}}));
  const auto times = [&](std::int64_t unit, Bson count) {
    return call("$multiply", list({std::move(count), unit}));
  };
  const auto ms = [&] { return call("$toLong", "$$NOW"); };
  const auto rest = [&] { return call("$mod", list({ms(), std::int64_t{1000}})); };
  Bson whole = call("$subtract", list({ms(), rest()}));
  Bson seconds = call("$toLong", call("$divide", list({std::move(whole), std::int64_t{1000}})));
  Bson now = call("$add", list({times(kSecond, std::move(seconds)), times(kMillisecond, rest())}));
  Bson larger = call("$max", list({std::move(next), std::move(now)}));
  return call("$set", object({{"n", std::move(larger)}}));
}

}  // namespace

Token operation_time(const Bson& reply) {
  return Token(timestamp(*reply, "operationTime").value_or(Timestamp{0}).value);
}

std::string tokens_beside(const std::string& collection) { return collection + ".tokens"; }

Numbered next_token(Call& call, const std::string& database, const std::string& collection,
                    const std::string& key, const LeaseId& lease) {
  const std::string tokens = tokens_beside(collection);
  const Answer counted = call.write(database, object({{"findAndModify", tokens},
                                                      {"query", object({{"_id", key}})},
                                                      {"update", list({raised()})},
                                                      {"upsert", true},
                                                      {"new", true}}));
  if (counted.failure) return {.failure = counted.failure};
  const auto counter = part(*counted.reply, "value");
  const Token token(
      static_cast<std::uint64_t>(counter ? integer(**counter, "n").value_or(0) : 0));
  if (!token.known()) {
    return {.failure = Failure{.source = Source::server,
                               .message = "the counter of tokens holds no number"}};
  }
  Bson still_ours = object({{"_id", key},
                            {"lease_id", lease.str()},
                            {"$expr", object({{"$gt", list({"$ts_expire", "$$NOW"})}})}});
  Bson stored = object({{"$set", object({{"token", Timestamp{token.value()}}})}});
  Bson statement = object({{"q", std::move(still_ours)}, {"u", std::move(stored)}});
  const Answer confirmed = call.write(
      database, object({{"update", collection}, {"updates", list({std::move(statement)})}}));
  if (confirmed.failure) return {.failure = confirmed.failure};
  if (integer(*confirmed.reply, "n") != 1) {
    return {.failure = Failure{.source = Source::server,
                               .message = "the lease was lost before its token was stored"}};
  }
  return {.token = token};
}

}  // namespace mongoelector::internal::mongo
