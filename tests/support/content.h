// What a file says at this moment.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace mongoelector::test {

// Empty if there is no such file, or, in /proc, if its process ends while it is read.
inline std::string content(const std::filesystem::path& file) {
  const std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();  // unlike an iterator it throws nothing when a read fails
  return text.str();
}

}  // namespace mongoelector::test
