#include "cli/progress.h"

#include "cli/globals.h"

namespace mongoelector::cli {

Progress::Progress(Output& out, const std::string& line)
    : out_(out), changes_(out.can_redraw() && environment("TERM").value_or("dumb") != "dumb") {
  if (changes_) {
    update(line);
  } else {
    out_.note(line);
  }
}

Progress::~Progress() {
  if (changes_) out_.redraw({});
}

void Progress::update(const std::string& line) {
  if (changes_) out_.redraw(line);
}

}  // namespace mongoelector::cli
