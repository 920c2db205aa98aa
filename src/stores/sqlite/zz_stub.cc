#include "stores/sqlite/sqlite_store.h"
#include <stdexcept>
namespace mongoelector::internal {
std::shared_ptr<LeaseStore> open_sqlite_store(const std::string&) { throw std::runtime_error("stub"); }
}
