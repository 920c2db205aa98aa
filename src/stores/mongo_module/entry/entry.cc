// The names that the module shows.
#include "stores/mongo/mongo_store.h"
#include "stores/mongo_module/module.h"

extern "C" [[gnu::visibility("default")]] mongoelector::internal::OpenMongoStore
    mongoelector_open_mongo_store;
extern "C" [[gnu::visibility("default")]] mongoelector::internal::MongoDriverVersion
    mongoelector_mongo_driver_version;

void mongoelector_open_mongo_store(const std::string& uri,
                                   const mongoelector::ConnectOptions& options,
                                   std::shared_ptr<mongoelector::LeaseStore>& store) {
  store = mongoelector::internal::open_mongo_store(uri, options);
}

void mongoelector_mongo_driver_version(std::string& version) {
  version = mongoelector::internal::mongo_driver_version();
}
