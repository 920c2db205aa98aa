// open_mongo_store() for programs that are to start quickly without MongoDB: the store, and with it
// the driver, comes from a module that is loaded when the first such URI is opened.
//
// The driver and what it needs (TLS, SASL, ICU) take 5 to 10 ms of every start of a program that is
// linked with it.
#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "mongoelector/error.h"
#include "stores/mongo/mongo_store.h"
#include "stores/mongo_module/module.h"

namespace mongoelector::internal {

namespace {

// In a tree of ours, built or installed, it stands beside the programs.
std::string module_path() {
  std::array<char, 4096> buffer{};
  const ssize_t size = readlink("/proc/self/exe", buffer.data(), buffer.size());
  const std::string program(buffer.data(), size < 0 ? 0 : static_cast<std::size_t>(size));
  const std::string folder = program.substr(0, program.rfind('/') + 1);
  return folder + "../lib/mongoelector/" MONGOELECTOR_MONGO_MODULE;
}

// The driver loads all SASL plug-ins of the machine when it starts, which takes 1 ms, and needs
// them for Kerberos only.
void leave_out_sasl_plugins() {
  using SetPath = int(int type, const char* path);
  constexpr int kPlugins = 0;  // SASL_PATH_TYPE_PLUGIN
  void* sasl = dlopen("libsasl2.so.2", RTLD_LAZY | RTLD_LOCAL);
  if (sasl == nullptr) return;
  if (auto* set_path = reinterpret_cast<SetPath*>(dlsym(sasl, "sasl_set_path")))
    set_path(kPlugins, "/dev/null");
}

bool names_kerberos(std::string uri) {
  std::transform(uri.begin(), uri.end(), uri.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return uri.find("gssapi") != std::string::npos;
}

template <class Function>
Function* load(const char* name, const std::string& uri) {
  if (!names_kerberos(uri)) leave_out_sasl_plugins();
  const std::string path = module_path();
  // Never unloaded: its code runs for as long as any store of it, and its threads, may live.
  void* module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* entry = module == nullptr ? nullptr : dlsym(module, name);
  if (entry == nullptr) {
    const char* why = dlerror();
    throw ConnectError(ConnectProblem::unsupported, std::string("this installation cannot speak to "
                                                          "MongoDB: ") +
                                                  (why == nullptr ? path : why));
  }
  return reinterpret_cast<Function*>(entry);
}

}  // namespace

std::shared_ptr<LeaseStore> open_mongo_store(const std::string& uri,
                                             const ConnectOptions& options) {
  // After a failure the next call tries again.
  static OpenMongoStore* const open = load<OpenMongoStore>(kOpenMongoStore, uri);
  std::shared_ptr<LeaseStore> store;
  open(uri, options, store);
  return store;
}

std::string mongo_driver_version() {
  std::string version;
  load<MongoDriverVersion>(kMongoDriverVersion, "")(version);
  return version;
}

}  // namespace mongoelector::internal
