// A command that asks the store one thing and shows the answer.
#pragma once

#include <optional>
#include <string>

#include "cli/session.h"

namespace mongoelector::cli {

class LookCommand : public Command {
 public:
  // --timeout bounds the asking only: whoever reads the answer may take all day.
  int run(Context& context) final;

 protected:
  struct Answer {
    std::string text = {};
    Json document = nullptr;  // instead of the text
    bool yes = true;          // no: Exit::no
  };
  // Reads the flags; what is wrong with them is said without a store.
  virtual void prepare(Context& context) = 0;
  virtual Answer ask(Context& context, const Connection& connection) = 0;
  // Set: ask again and again, with this pause, until a signal ends the process.
  virtual std::optional<Duration> repeat_every() const { return std::nullopt; }

 private:
  void repeat(Context& context, const Connection& connection, Duration pause);
};

}  // namespace mongoelector::cli
