// Starts a one-node replica set, prints its URI and runs it until stdin is closed: for the demo and
// for trying things out by hand.
#include <unistd.h>

#include <exception>
#include <iostream>

#include "support/mongod.h"

int main() {
  try {
    const auto server = mongoelector::test::Mongod::replica_set();
    std::cout << server->uri("demo") << std::endl;
    char byte = 0;
    while (read(0, &byte, 1) > 0) {
    }
  } catch (const std::exception& error) {
    std::cerr << "mongod_run: " << error.what() << '\n';
    return 1;
  }
}
