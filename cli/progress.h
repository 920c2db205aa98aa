// Something that takes its time: one line that changes on a terminal, one that stays elsewhere.
#pragma once

#include <string>

#include "cli/output.h"

namespace mongoelector::cli {

class Progress {
 public:
  Progress(Output& out, const std::string& line);
  // Leaves a terminal as if nothing had been there.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  bool changes() const { return changes_; }
  void update(const std::string& line);

 private:
  Output& out_;
  const bool changes_;
};

}  // namespace mongoelector::cli
