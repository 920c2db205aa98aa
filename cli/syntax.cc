#include "cli/syntax.h"

namespace mongoelector::cli {

std::vector<Word> words_of(Command& command) {
  Flags flags;
  command.add_flags(flags);
  return flags.words();
}

std::vector<Word> global_words() {
  Globals globals;
  Flags flags;
  add_global_flags(flags, globals);
  return flags.words();
}

}  // namespace mongoelector::cli
