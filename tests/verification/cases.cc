#include "verification/cases.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "verification/checker/reader.h"

namespace verification {

namespace {

// Each case begins with "== ", and in bad.txt with the promise's number.
std::vector<Case> cases_of(const std::string& file, bool bad) {
  std::ifstream in(MONGOELECTOR_SOURCE_DIR "/tests/verification/cases/" + file);
  std::vector<Case> cases;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("== ")) {
      std::istringstream title(line.substr(3));
      Case fresh;
      if (bad) title >> fresh.promise >> std::ws;
      std::getline(title, fresh.name);
      cases.push_back(fresh);
    } else if (!line.empty() && !cases.empty()) {
      cases.back().text += line + "\n";
    }
  }
  return cases;
}

}  // namespace

History Case::history() const {
  History history;
  std::istringstream in(text);
  const auto trouble = read(in, name, history);
  EXPECT_FALSE(trouble) << *trouble;
  return history;
}

std::vector<Case> bad_cases() { return cases_of("bad.txt", true); }
std::vector<Case> legal_cases() { return cases_of("legal.txt", false); }

}  // namespace verification
