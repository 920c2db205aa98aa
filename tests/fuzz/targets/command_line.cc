// Command lines, one word a line: an exit code of the table and never a crash. No store is ever
// opened, so nothing is locked, waited for or started.
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <vector>

#include "cli/exit_codes.h"
#include "cli/program.h"
#include "fuzz/fuzz.h"

using namespace mongoelector;
using fuzz::require;

namespace {

// What the program writes is nobody's business here.
class Silence {
 public:
  Silence() {
    const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = 0; i < 3; ++i) {
      before_[i] = fcntl(i, F_DUPFD_CLOEXEC, 3);
      dup2(nowhere, i);
    }
    close(nowhere);
  }
  ~Silence() {
    for (int i = 0; i < 3; ++i) {
      dup2(before_[i], i);
      close(before_[i]);
    }
  }

 private:
  int before_[3];
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Both where a word would name a store and where none does.
  setenv("MONGOELECTOR_URI", "nosuch:store", 1);
  unsetenv("MONGOELECTOR_URI_FILE");
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (text.find('\0') != std::string::npos || text.find("uri") != std::string::npos) return 0;
  std::vector<std::string> words;
  std::istringstream lines(text);
  for (std::string word; std::getline(lines, word);) words.push_back(word);
  // The deadline of a command ends the process.
  words.insert(std::find(words.begin(), words.end(), "--"), "--timeout=1h");
  int code = 0;
  {
    const Silence silence;
    code = cli::run_program(words);
  }
  require(code != static_cast<int>(cli::Exit::internal), "a bug of ours, it says itself");
  const bool known = std::any_of(
      cli::kExitCodes.begin(), cli::kExitCodes.end(),
      [&](const cli::ExitCode& entry) { return static_cast<int>(entry.code) == code; });
  require(known, "an exit code that is not in the table");
  return 0;
}
