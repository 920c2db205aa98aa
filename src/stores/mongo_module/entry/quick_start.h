// What a module with the driver inside puts off until a URI needs it.
#pragma once

#include "stores/mongo_module/module.h"

namespace mongoelector::internal {

// Called before the first store is opened.
void put_off(LoadLibraries& load_libraries);

}  // namespace mongoelector::internal
