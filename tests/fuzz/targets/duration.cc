// Durations as people write them: whatever is accepted is shown in a form that is accepted too and
// says the same, rounded towards zero.
#include "base/text.h"
#include "fuzz/fuzz.h"

using namespace mongoelector;
using fuzz::require;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto value = internal::parse_duration({reinterpret_cast<const char*>(data), size});
  if (!value) return 0;
  require(*value >= Duration::zero(), "a negative duration was accepted");
  const std::string shown = internal::show_duration(*value);
  const auto again = internal::parse_duration(shown);
  require(again.has_value(), "what is shown is not accepted");
  require(*again <= *value, "shown as more than it is");
  require(internal::show_duration(*again) == shown, "shown in two ways");
  return 0;
}
