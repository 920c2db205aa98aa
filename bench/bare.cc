#include "bench/bare.h"

#include <mongoc/mongoc.h>

#include <stdexcept>

#include "bench/bench.h"
#include "stores/mongo/lock_documents.h"

namespace mongoelector::bench {

BareClient::BareClient(const std::string& uri) {
  mongoc_init();
  client_ = mongoc_client_new((uri + "&retryWrites=false").c_str());
  if (client_ == nullptr) throw std::runtime_error("bare driver: bad URI " + uri);
  mongoc_client_set_error_api(client_, MONGOC_ERROR_API_VERSION_2);
}

BareClient::~BareClient() { mongoc_client_destroy(client_); }

namespace {

std::string lease_id(long long number) {
  return "00000000-0000-4000-8000-" + std::to_string(100'000'000'000 + number);
}

bson_t* with_majority(const internal::mongo::Bson& command) {
  bson_t* copy = bson_copy(command.get());
  BCON_APPEND(copy, "writeConcern", "{", "w", "majority", "}");
  return copy;
}

}  // namespace

void BareClient::pair_as_ours() {
  const std::string id = lease_id(++number_);
  const ClaimRequest request{.key = Key::lock("bench"),
                             .holder = {.uuid = id, .host = "host.example", .pid = 4711},
                             .lease_id = LeaseId(id),
                             .ttl = std::chrono::seconds(600)};
  run_write(with_majority(
      internal::mongo::claim_command("same", request, {.judge = "host.example:27017"})));
  run_write(with_majority(internal::mongo::delete_command("same", "bench", "lease_id", id)));
}

void BareClient::pair() {
  const std::string id = lease_id(++number_);
  const std::int64_t now = monotonic_ns() / 1'000'000;
  run_write(BCON_NEW(
      "findAndModify", "bare", "query", "{", "_id", BCON_UTF8("bench"), "}", "update", "{", "_id",
      BCON_UTF8("bench"), "locked", BCON_BOOL(true), "host", BCON_UTF8("host.example"), "pid",
      BCON_INT32(4711), "uuid", BCON_UTF8(id.c_str()), "ts_created", BCON_DATE_TIME(now),
      "ts_expire", BCON_DATE_TIME(now + 600000), "lease_id", BCON_UTF8(id.c_str()), "ttl_ms",
      BCON_INT64(600000), "v", BCON_INT32(1), "}", "upsert", BCON_BOOL(true), "new",
      BCON_BOOL(true), "writeConcern", "{", "w", "majority", "}"));
  run_write(BCON_NEW("delete", "bare", "deletes", "[", "{", "q", "{", "_id", BCON_UTF8("bench"),
                     "lease_id", BCON_UTF8(id.c_str()), "}", "limit", BCON_INT32(1), "}", "]",
                     "writeConcern", "{", "w", "majority", "}"));
}

void BareClient::index_pairs() {
  for (const char* collection : {"bare", "same"}) {
    run_write(BCON_NEW("createIndexes", BCON_UTF8(collection), "indexes", "[", "{", "key", "{",
                       "ts_expire", BCON_INT32(1), "}", "name", BCON_UTF8("ts_expire_1"),
                       "expireAfterSeconds", BCON_INT32(3600), "}", "]"));
  }
}

void BareClient::write() {
  run_write(BCON_NEW("update", "bare", "updates", "[", "{", "q", "{", "_id", BCON_UTF8("one"), "}",
                     "u", "{", "_id", BCON_UTF8("one"), "n", BCON_INT64(++number_), "}", "upsert",
                     BCON_BOOL(true), "}", "]", "writeConcern", "{", "w", "majority", "}"));
}

void BareClient::renew_each(std::span<const Lease> leases) {
  bson_t* command = BCON_NEW("update", "mongolocker", "ordered", BCON_BOOL(false), "writeConcern",
                             "{", "w", "majority", "}");
  bson_t updates;
  bson_append_array_begin(command, "updates", -1, &updates);
  for (std::size_t i = 0; i < leases.size(); ++i) {
    const Lease& lease = leases[i];
    bson_t* statement = BCON_NEW(
        "q", "{", "_id", BCON_UTF8(lease.key.name().c_str()), "lease_id",
        BCON_UTF8(lease.id.str().c_str()), "$expr", "{", "$gt", "[", BCON_UTF8("$ts_expire"),
        BCON_UTF8("$$NOW"), "]", "}", "}", "u", "[", "{", "$set", "{", "ts_expire", "{", "$add",
        "[", BCON_UTF8("$$NOW"), BCON_INT64(600000), "]", "}", "}", "}", "]");
    bson_append_document(&updates, std::to_string(i).c_str(), -1, statement);
    bson_destroy(statement);
  }
  bson_append_array_end(command, &updates);
  run_write(command);
}

long long BareClient::executed(const std::string& command) {
  bson_t reply;
  run_admin(BCON_NEW("serverStatus", BCON_INT32(1)), &reply);
  bson_iter_t top;
  bson_iter_t count;
  const std::string path = "metrics.commands." + command + ".total";
  const bool found = bson_iter_init(&top, &reply) &&
                     bson_iter_find_descendant(&top, path.c_str(), &count);
  const long long value = found ? bson_iter_as_int64(&count) : -1;
  bson_destroy(&reply);
  if (!found) throw std::runtime_error("serverStatus shows no " + path);
  return value;
}

std::string BareClient::version() {
  bson_t reply;
  run_admin(BCON_NEW("buildInfo", BCON_INT32(1)), &reply);
  bson_iter_t at;
  const std::string version =
      bson_iter_init_find(&at, &reply, "version") ? bson_iter_utf8(&at, nullptr) : "";
  bson_destroy(&reply);
  return version;
}

// Takes the command.
void BareClient::run_write(bson_t* command) {
  bson_error_t error;
  bson_t reply;
  const bool done =
      mongoc_client_write_command_with_opts(client_, "ours", command, nullptr, &reply, &error);
  bson_destroy(&reply);
  bson_destroy(command);
  if (!done) throw std::runtime_error(std::string("bare driver: ") + error.message);
}

// Takes the command; the reply is the caller's.
void BareClient::run_admin(bson_t* command, bson_t* reply) {
  bson_error_t error;
  const bool done =
      mongoc_client_command_simple(client_, "admin", command, nullptr, reply, &error);
  bson_destroy(command);
  if (done) return;
  bson_destroy(reply);
  throw std::runtime_error(std::string("bare driver: ") + error.message);
}

}  // namespace mongoelector::bench
