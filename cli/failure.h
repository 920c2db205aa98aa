// How a command fails: a code, one line for people, and what a script may want to know.
#pragma once

#include <exception>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "cli/exit_codes.h"

namespace mongoelector::cli {

using Json = nlohmann::ordered_json;

class Failure : public std::runtime_error {
 public:
  Failure(Exit code, const std::string& message, std::string hint = {}, Json holder = nullptr)
      : std::runtime_error(message),
        code_(code),
        hint_(std::move(hint)),
        holder_(std::move(holder)) {}
  Exit code() const { return code_; }
  const std::string& hint() const { return hint_; }  // what to do about it; may be empty
  const Json& holder() const { return holder_; }     // who is in the way, or null

 private:
  Exit code_;
  std::string hint_;
  Json holder_;
};

// The one place that turns an exception of the library into an exit code.
Failure failure_of(std::exception_ptr error);

}  // namespace mongoelector::cli
