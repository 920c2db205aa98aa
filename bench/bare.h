// The MongoDB driver with nothing around it: what ours is compared with.
#pragma once

#include <span>
#include <string>

#include "mongoelector/store.h"

typedef struct _mongoc_client_t mongoc_client_t;
typedef struct _bson_t bson_t;

namespace mongoelector::bench {

// One connection, for one thread. Writes are acknowledged by a majority. Everything throws
// std::runtime_error.
class BareClient {
 public:
  explicit BareClient(const std::string& uri);
  ~BareClient();
  BareClient(const BareClient&) = delete;
  BareClient& operator=(const BareClient&) = delete;

  // findAndModify (replacement, upsert), then delete by _id and lease_id; a new lease_id each time.
  void pair();
  // The commands that our own acquire and release send: the server's clock, and the rule of who may
  // take a lock, inside.
  void pair_as_ours();
  // The index that the documents of pairs have wherever they are locks; call it before.
  void index_pairs();
  void write();  // one document is changed
  // One statement for each lease, in one command: the documents of our locks, renewed.
  void renew_each(std::span<const Lease> leases);
  // How often the server has executed a command since it started.
  long long executed(const std::string& command);
  std::string version();

 private:
  void run_write(bson_t* command);
  void run_admin(bson_t* command, bson_t* reply);

  mongoc_client_t* client_;
  long long number_ = 0;
};

}  // namespace mongoelector::bench
