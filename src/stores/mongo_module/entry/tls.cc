// What the linker puts in the place of a function of the driver (--wrap in CMakeLists.txt).
#include <openssl/opensslv.h>

// As soon as it is loaded, the driver prepares OpenSSL: all error texts, all algorithms, a context
// that it throws away. That takes as long as all the rest of its loading, and only connections with
// TLS use any of it. OpenSSL prepares itself for them, at the first use.
static_assert(OPENSSL_VERSION_NUMBER >= 0x10100000L, "older ones have to be prepared");
extern "C" void __wrap__mongoc_openssl_init() {}  // NOLINT: the linker chooses the name
