// What a look over everything has found, as `doctor` tells it: one line each, with what to do.
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "cli/output.h"

namespace mongoelector::cli {

class Findings {
 public:
  // With text each is told at once: what takes long or hangs has what came before it on the screen.
  explicit Findings(Output& out) : out_(out) {}

  void ok(std::string id, std::string message);
  void warn(std::string id, std::string message, std::string fix);
  // `kind`: the exit code, if it is the first.
  void fail(std::string id, Exit kind, std::string message, std::string fix);
  // What something threw, as it would be told if it were all there is to tell.
  void fail(std::string id, std::exception_ptr error);

  // `strict`: a warning is no better.
  Exit exit_code(bool strict) const;
  Json json() const;

 private:
  struct Finding {
    std::string id;
    std::string status;  // "ok", "warn", "fail"
    std::string message;
    std::string fix;
  };
  void add(Finding finding);

  Output& out_;
  std::vector<Finding> findings_;
  std::optional<Exit> failed_;
  bool warned_ = false;
};

}  // namespace mongoelector::cli
