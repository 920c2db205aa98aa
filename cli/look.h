// A command that asks the store one thing and shows the answer.
#pragma once

#include <string>

#include "cli/session.h"

namespace mongoelector::cli {

class LookCommand : public Command {
 public:
  // --timeout bounds the asking only: whoever reads the answer may take all day.
  int run(Context& context) final;

 protected:
  struct Answer {
    std::string text;
    bool yes = true;  // no: Exit::no
  };
  // Reads the flags; what is wrong with them is said without a store.
  virtual void prepare(Context& context) = 0;
  virtual Answer ask(Context& context, const Connection& connection) = 0;
};

}  // namespace mongoelector::cli
