// What the linker puts in the place of two functions of the driver (--wrap in CMakeLists.txt).
//
// As soon as it is loaded, the driver prepares OpenSSL: error texts, algorithms, a context that it
// throws away, and what it needs to check certificates. That takes as long as all the rest of its
// loading, and only connections with TLS use any of it. So it is done before the first of those.
#include <mutex>

extern "C" {  // NOLINTBEGIN: the linker chooses the names

void __real__mongoc_openssl_init();
// Options of the driver; an SSL_CTX.
void* __real__mongoc_openssl_ctx_new(void* options);

void __wrap__mongoc_openssl_init() {}

// Every TLS connection begins here.
void* __wrap__mongoc_openssl_ctx_new(void* options) {
  static std::once_flag prepared;
  std::call_once(prepared, __real__mongoc_openssl_init);
  return __real__mongoc_openssl_ctx_new(options);
}

}  // NOLINTEND
