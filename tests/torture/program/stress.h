// Many threads and processes that want one lock and add one to a number in a file, nothing else: no
// fault, so not one addition may be lost.
#pragma once

#include <cstdint>
#include <string>

namespace mongoelector::torture {

struct StressPlan {
  std::string uri;
  std::string counter;  // file
  std::string self;
  int threads = 50;
  int processes = 8;
  std::int64_t acquisitions = 1000;  // of each
};

// Prints what came of it; 0 if all is well, 1 if something was lost.
int run_stress(const StressPlan& plan);
// One process of it.
int run_stress_process(const StressPlan& plan);

}  // namespace mongoelector::torture
