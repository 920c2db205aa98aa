// open_mongo_store() for programs that are to start quickly without MongoDB: the store, and with it
// the driver, comes from a module that is loaded when the first such URI is opened.
//
// The driver and what it needs (TLS, SASL, ICU) take 5 to 10 ms of every start of a program that is
// linked with it. What it needs for TLS, a login or compression, most of that, is loaded only when
// a URI asks for any.
#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <string>

#include "mongoelector/error.h"
#include "stores/mongo/mongo_store.h"
#include "stores/mongo_module/module.h"

namespace mongoelector::internal {

namespace {

// In a tree of ours, built or installed, they stand beside the programs.
std::string path_of(const char* file) {
  std::array<char, 4096> buffer{};
  const ssize_t size = readlink("/proc/self/exe", buffer.data(), buffer.size());
  const std::string program(buffer.data(), size < 0 ? 0 : static_cast<std::size_t>(size));
  return program.substr(0, program.rfind('/') + 1) + "../lib/mongoelector/" + file;
}

std::string load_error() {
  const char* why = dlerror();
  return why == nullptr ? "" : why;
}

[[noreturn]] void refuse(const std::string& what, const std::string& why) {
  throw ConnectError(ConnectProblem::unsupported, what + ": " + why);
}

// Nothing is ever unloaded: code runs in it for as long as any store, and its threads, may live.
void* load(const char* file, int mode) { return dlopen(path_of(file).c_str(), mode); }

// The module finds them because they are global.
void* load_global_libraries() {
  return load(MONGOELECTOR_MONGO_LIBRARIES, RTLD_NOW | RTLD_GLOBAL);
}

void load_libraries() {
  if (load_global_libraries() == nullptr)
    refuse("this installation lacks what TLS, a login or compression needs", load_error());
}

void* load_module() {
  if (void* module = load(MONGOELECTOR_MONGO_MODULE, RTLD_LAZY)) return module;
  const std::string why = load_error();
  // Where all symbols are looked up at once (LD_BIND_NOW) it needs all libraries.
  void* module = load_global_libraries() == nullptr
                     ? nullptr
                     : load(MONGOELECTOR_MONGO_MODULE, RTLD_LAZY);
  if (module == nullptr) refuse("this installation cannot speak to MongoDB", why);
  return module;
}

template <class Function>
Function* find(const char* name) {
  static void* const kModule = load_module();
  void* entry = dlsym(kModule, name);
  if (entry == nullptr) refuse("this installation cannot speak to MongoDB", load_error());
  return reinterpret_cast<Function*>(entry);
}

}  // namespace

std::shared_ptr<LeaseStore> open_mongo_store(const std::string& uri,
                                             const ConnectOptions& options) {
  // After a failure the next call tries again.
  static OpenMongoStore* const open = find<OpenMongoStore>(kOpenMongoStore);
  std::shared_ptr<LeaseStore> store;
  open(uri, options, load_libraries, store);
  return store;
}

std::string mongo_driver_version() {
  std::string version;
  find<MongoDriverVersion>(kMongoDriverVersion)(version);
  return version;
}

}  // namespace mongoelector::internal
