// README's program; tests/contracts/readme_test.cc compares the two and runs this one.
#include <iostream>
#include <mongoelector/mongoelector.h>

using namespace std::chrono_literals;

int main() {
  // This machine only. For several: "mongodb://db1,db2/ops?replicaSet=rs0"
  auto session = mongoelector::connect();

  mongoelector::MongoLocker nightly(session, "nightly");
  if (std::unique_lock guard(nightly, 5s); guard) {
    std::cout << "holding the lock, token " << to_string(nightly.token()) << std::endl;
  }

  mongoelector::MongoElector elector(session, "billing", {
      .ttl = 10s,
      .onmaster = [](const mongoelector::Term& term) {
        std::cout << "master, token " << to_string(term.token()) << std::endl;
      },
      .onmasterloss = [](const mongoelector::Term&) { std::cout << "no master" << std::endl; },
  });
  elector.start();  // your program goes on here; onmaster is called when this process leads
  elector.poll();   // only so that this example has something to show
  elector.stop();   // onmasterloss runs to its end, then the next candidate takes over at once
}
