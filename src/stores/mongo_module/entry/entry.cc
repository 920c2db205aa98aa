// The one name that the module shows.
#include "stores/mongo/mongo_store.h"
#include "stores/mongo_module/module.h"

extern "C" [[gnu::visibility("default")]] mongoelector::internal::OpenMongoStore
    mongoelector_open_mongo_store;

void mongoelector_open_mongo_store(const std::string& uri,
                                   const mongoelector::ConnectOptions& options,
                                   std::shared_ptr<mongoelector::LeaseStore>& store) {
  store = mongoelector::internal::open_mongo_store(uri, options);
}
