// In place of src/base/host_name.cc: a simulated machine asks no resolver, which takes a thread.
#include "base/host_name.h"

namespace mongoelector::internal {

std::string host_name() { return "simulated"; }
std::string qualified_host_name() { return "simulated.test"; }
void begin_qualified_host_name() {}

}  // namespace mongoelector::internal
