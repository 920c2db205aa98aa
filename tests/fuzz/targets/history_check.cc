// Histories as the independent checker reads them, from whatever file: a verdict, never a crash.
#include "fuzz/fuzz.h"
#include "verification/checker/reader.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int verdict = verification::check_text({reinterpret_cast<const char*>(data), size});
  mongoelector::fuzz::require(verdict >= 0 && verdict <= 2, "a verdict that is none");
  return 0;
}
