// What the linker puts in the place of functions that the driver calls (--wrap in CMakeLists.txt),
// so that a command need not wait at its start for what its connection does not use.
//
// - As soon as it is loaded, the driver prepares OpenSSL: error texts, algorithms, a context that
//   it throws away, and what it needs to check certificates. Only connections with TLS use any of
//   it, so it is done before the first of those.
// - Likewise it has SASL load all plug-ins of the machine. Only Kerberos uses them.
// - So neither library need be there before a URI asks for it, nor those for a login (ICU) and for
//   compression. The module is linked without them, and calls none of their functions otherwise.
// - The few random bytes of a session's id, or of a SCRAM nonce, are taken from OpenSSL, which
//   reads its configuration and sets up a generator for them. The kernel's serve as well.
// - Each of 31 statistics asks for the number of processors anew, and that is three system calls.
#include "stores/mongo_module/entry/quick_start.h"

#include <sys/random.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <mutex>

#include "stores/mongo/driver.h"

extern "C" {  // NOLINTBEGIN: the linker chooses the names

void __real__mongoc_openssl_init();
// Options of the driver; an SSL_CTX.
void* __real__mongoc_openssl_ctx_new(void* options);
// 1 if done, as RAND_bytes().
int __real__mongoc_rand_bytes(std::uint8_t* bytes, int size);
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

void meet(const mongo::Demands& demands) {
  load();
  if (!demands.kerberos) return;
  std::call_once(sasl_once, [] {
    __real_sasl_set_mutex(sasl.allocate, sasl.lock, sasl.unlock, sasl.free);
    __real_sasl_client_init(sasl.callbacks);
    sasl_prepared = true;
  });
}

}  // namespace

void put_off(LoadLibraries& load_libraries) {
  load = load_libraries;
  mongo::meet_demands = meet;
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

int __wrap__mongoc_rand_bytes(std::uint8_t* bytes, int size) {
  // Up to 256 bytes are given at once or not at all.
  if (size <= 256 && getrandom(bytes, static_cast<std::size_t>(size), 0) == size) return 1;
  mongoelector::internal::load();
  return __real__mongoc_rand_bytes(bytes, size);
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
