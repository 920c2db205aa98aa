// Every input that is kept in corpus/: what the fuzzers found once, and what they begin with.
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/fuzz.h"
#include "fuzz_targets.h"

// A target's function under a name of its own.
#define DECLARE(name) \
  extern "C" int fuzz_##name(const std::uint8_t* data, std::size_t size);
FUZZ_TARGETS(DECLARE)
#undef DECLARE

namespace mongoelector::fuzz {
namespace {

void replay(const std::string& target, int (*run)(const std::uint8_t*, std::size_t)) {
  int inputs = 0;
  const std::string corpus = MONGOELECTOR_SOURCE_DIR "/tests/fuzz/corpus/" + target;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    try {
      run(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    } catch (const std::exception& error) {
      ADD_FAILURE() << entry.path() << ": " << error.what();
    }
    ++inputs;
  }
  EXPECT_GT(inputs, 2) << "a corpus with next to nothing in it";
}

#define REPLAY(name) \
  TEST(Fuzz, replays_the_corpus_of_##name) { replay(#name, fuzz_##name); }
FUZZ_TARGETS(REPLAY)
#undef REPLAY

}  // namespace
}  // namespace mongoelector::fuzz
