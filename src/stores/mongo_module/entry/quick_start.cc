// What the linker puts in the place of functions that the driver calls (--wrap in CMakeLists.txt),
// so that a command need not wait at its start for what its connection does not use.
//
// - As soon as it is loaded, the driver prepares OpenSSL: error texts, algorithms, a context that
//   it throws away, and what it needs to check certificates. Only connections with TLS use any of
//   it, so it is done before the first of those.
// - Likewise it has SASL load all plug-ins of the machine. Only Kerberos uses them.
// - So neither library need be there before a URI asks for it, nor those for a login (ICU) and for
//   compression, nor that for encrypted fields, which no URI asks for. The module is linked without
//   them, and calls none of their functions before.
// - A server may say that it compresses, and even do so, without having been asked. The driver
//   would follow it; without the libraries nothing is compressed, and what comes so is broken.
// - The few random bytes of a session's id, or of a SCRAM nonce, are taken from OpenSSL, which
//   reads its configuration and sets up a generator for them. The kernel's serve as well.
// - Each of 31 statistics asks for the number of processors anew, and that is three system calls.
#include "stores/mongo_module/entry/quick_start.h"

#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "stores/mongo/driver.h"

extern "C" {  // NOLINTBEGIN: the linker chooses the names

void __real__mongoc_openssl_init();
// Options of the driver; an SSL_CTX.
void* __real__mongoc_openssl_ctx_new(void* options);
// A compressor, or -1.
std::int32_t __real_mongoc_server_description_compressor_id(const void* server);
bool __real_mongoc_uncompress(std::int32_t compressor, const std::uint8_t* from, std::size_t size,
                              std::uint8_t* to, std::size_t* size_there);
long __real_sysconf(int name);
// Functions, and data that lives as long as the program.
void __real_sasl_set_mutex(void* allocate, void* lock, void* unlock, void* free);
int __real_sasl_client_init(const void* callbacks);
int __real_sasl_client_done();

}  // NOLINTEND

namespace mongoelector::internal {

namespace {

struct Sasl {
  void* allocate = nullptr;
  void* lock = nullptr;
  void* unlock = nullptr;
  void* free = nullptr;
  const void* callbacks = nullptr;
};

Sasl sasl;
std::once_flag sasl_once;
std::atomic<bool> sasl_prepared = false;
LoadLibraries* load = nullptr;
std::atomic<bool> loaded = false;

void meet(const mongo::Demands& demands) {
  load();
  loaded = true;
  if (!demands.kerberos) return;
  std::call_once(sasl_once, [] {
    __real_sasl_set_mutex(sasl.allocate, sasl.lock, sasl.unlock, sasl.free);
    __real_sasl_client_init(sasl.callbacks);
    sasl_prepared = true;
  });
}

}  // namespace

void put_off(LoadLibraries& load_libraries) {
  static std::once_flag once;
  std::call_once(once, [&] {
    load = load_libraries;
    mongo::meet_demands = meet;
  });
}

}  // namespace mongoelector::internal

extern "C" {  // NOLINTBEGIN: as above

void __wrap__mongoc_openssl_init() {}

// Every TLS connection begins here.
void* __wrap__mongoc_openssl_ctx_new(void* options) {
  static std::once_flag prepared;
  std::call_once(prepared, __real__mongoc_openssl_init);
  return __real__mongoc_openssl_ctx_new(options);
}

// 1 if done, as RAND_bytes().
int __wrap__mongoc_rand_bytes(std::uint8_t* bytes, int size) {
  return getentropy(bytes, static_cast<std::size_t>(size)) == 0 ? 1 : 0;
}

std::int32_t __wrap_mongoc_server_description_compressor_id(const void* server) {
  return mongoelector::internal::loaded ? __real_mongoc_server_description_compressor_id(server)
                                        : -1;
}

bool __wrap_mongoc_uncompress(std::int32_t compressor, const std::uint8_t* from, std::size_t size,
                              std::uint8_t* to, std::size_t* size_there) {
  return mongoelector::internal::loaded &&
         __real_mongoc_uncompress(compressor, from, size, to, size_there);
}

void __wrap_sasl_set_mutex(void* allocate, void* lock, void* unlock, void* free) {
  mongoelector::internal::sasl = {
      .allocate = allocate, .lock = lock, .unlock = unlock, .free = free};
}

int __wrap_sasl_client_init(const void* callbacks) {
  mongoelector::internal::sasl.callbacks = callbacks;
  return 0;
}

// When the program ends.
int __wrap_sasl_client_done() {
  return mongoelector::internal::sasl_prepared ? __real_sasl_client_done() : 0;
}

long __wrap_sysconf(int name) {
  if (name != _SC_NPROCESSORS_CONF) return __real_sysconf(name);
  static const long processors = __real_sysconf(name);
  return processors;
}

}  // NOLINTEND
