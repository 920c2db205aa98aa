// Becomes master, stops and ends: what a program leaves behind in the driver when it ends must not
// hurt it.
//   brief_master URI KEY    prints "master", goes on at SIGUSR1, and "stopped" before it ends
#include <signal.h>

#include <chrono>
#include <iostream>

#include "mongoelector/mongoelector.h"

int main(int, char** arguments) {
  sigset_t go;
  sigemptyset(&go);
  sigaddset(&go, SIGUSR1);
  sigprocmask(SIG_BLOCK, &go, nullptr);
  auto session = mongoelector::connect(arguments[1]);
  {
    mongoelector::MongoElector elector(session, arguments[2], {.ttl = std::chrono::seconds(1)});
    elector.start();
    while (!elector.ismaster()) elector.poll();
    std::cout << "master" << std::endl;
    int number = 0;
    sigwait(&go, &number);
  }
  std::cout << "stopped" << std::endl;
  session.reset();
}
