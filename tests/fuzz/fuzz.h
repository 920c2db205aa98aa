// What every target needs. A target is one file with LLVMFuzzerTestOneInput(); it is linked with
// libFuzzer in the build of tools/fuzz, and all of them together in test_fuzz, which replays what
// is kept in corpus/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace mongoelector::fuzz {

// A promise is broken. Nobody in a target catches it: libFuzzer keeps the input, the replay names
// the file.
class Broken : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

inline void require(bool promise, const char* what) {
  if (!promise) throw Broken(what);
}

// The input, piece by piece; zeros when it is used up.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::int64_t integer() {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8 | byte();
    return static_cast<std::int64_t>(value);
  }
  // Its length is the first byte.
  std::string text() {
    const std::size_t length = byte();
    const std::string found(rest_.substr(0, length));
    rest_.remove_prefix(found.size());
    return found;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace mongoelector::fuzz
