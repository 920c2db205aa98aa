// -o FORMAT, and --json beside it.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace mongoelector::cli {

enum class Format { table, wide, json, name };

class FormatFlag {
 public:
  // A table is always possible, and so is JSON.
  explicit FormatFlag(std::vector<Format> more) : more_(std::move(more)) {}
  void add(Flags& flags);
  // What the line asks for; from now on errors are told in the same form. Throws Failure.
  Format choose(Context& context) const;

 private:
  bool has(Format format) const;

  std::vector<Format> more_;
  std::string word_;
};

// What MONGOELECTOR_OUTPUT says; a table if it is not set. Throws Failure.
Format preset_format();

}  // namespace mongoelector::cli
