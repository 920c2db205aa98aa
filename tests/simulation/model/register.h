// A resource that lets nobody write with a smaller token than it has seen: what a lease protects.
// Writes take their time to arrive, so some come after their term.
#pragma once

#include "simulation/model/store_model.h"

namespace mongoelector::simulation {

class Register {
 public:
  explicit Register(Telling& telling) : around_(telling) {}

  void write(int client, std::int64_t lease, Token token, Duration delay) {
    around_.tell({.what = What::writes, .client = client, .lease = lease, .token = token.value()});
    around_.world.after(delay, [this, client, lease, token] {
      const bool accepted = token >= largest_;
      if (accepted) largest_ = token;
      if (!accepted) around_.hit(Probe::register_refused_a_late_write);
      around_.tell({.what = accepted ? What::accepted : What::refused,
                    .client = client,
                    .lease = lease,
                    .token = token.value()});
    });
  }

 private:
  Telling& around_;
  Token largest_;
};

}  // namespace mongoelector::simulation
