// Names of locks and elections: exactly valid UTF-8 without NUL of 1 to 1024 bytes, judged here by
// the decoder of the JSON library, and safe to show.
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/records.h"
#include "fuzz/fuzz.h"
#include "mongoelector/error.h"

using namespace mongoelector;
using fuzz::require;

namespace {

bool is_text(const std::string& bytes) {
  try {
    static_cast<void>(nlohmann::json(bytes).dump());
    return true;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

bool accepted(const std::string& name) {
  try {
    require(Key::lock(name).name() == name, "the name was changed");
    return true;
  } catch (const ArgumentError&) {
    return false;
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string name(reinterpret_cast<const char*>(data), size);
  const bool text = is_text(name);
  require(internal::valid_utf8(name) == text, "UTF-8 or not?");
  const bool proper =
      text && size > 0 && size <= Key::kMaxBytes && name.find('\0') == std::string::npos;
  require(accepted(name) == proper, "accepted or not?");
  for (const char byte : internal::quoted(name))
    require(static_cast<unsigned char>(byte) >= 0x20 && byte != 0x7f, "a control character shown");
  try {
    const cli::Target target = cli::parse_target(name);
    require(accepted(target.name), "a target that is no name");
  } catch (const ArgumentError&) {
  }
  return 0;
}
