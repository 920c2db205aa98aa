// The names that the module shows.
#include "stores/mongo/mongo_store.h"
#include "stores/mongo_module/entry/quick_start.h"
#include "stores/mongo_module/module.h"

extern "C" [[gnu::visibility("default")]] mongoelector::internal::OpenMongoStore
    mongoelector_open_mongo_store;
extern "C" [[gnu::visibility("default")]] mongoelector::internal::MongoDriverVersion
    mongoelector_mongo_driver_version;

void mongoelector_open_mongo_store(
    const std::string& uri, const mongoelector::ConnectOptions& options,
    [[maybe_unused]] mongoelector::internal::LoadLibraries& load_libraries,
    std::shared_ptr<mongoelector::LeaseStore>& store) {
#ifdef MONGOELECTOR_DRIVER_INSIDE
  mongoelector::internal::put_off(load_libraries);
#endif
  store = mongoelector::internal::open_mongo_store(uri, options);
}

void mongoelector_mongo_driver_version(std::string& version) {
  version = mongoelector::internal::mongo_driver_version();
}
