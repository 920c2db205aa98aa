// In place of src/base/ids.cc.
#include "simulation/fibers/ids.h"

#include <charconv>
#include <string>

#include "base/ids.h"

namespace mongoelector {

namespace {

simulation::Random* source = nullptr;
std::int64_t latest = 0;

constexpr std::string_view kPrefix = "00000000-0000-4000-8000-";
constexpr std::size_t kDigits = 12;

}  // namespace

void simulation::draw_ids_from(Random& random) {
  source = &random;
  latest = 0;
}

std::int64_t simulation::number_of(const LeaseId& id) {
  std::int64_t number = 0;
  const std::string& text = id.str();
  if (text.size() == kPrefix.size() + kDigits)
    std::from_chars(text.data() + kPrefix.size(), text.data() + text.size(), number);
  return number;
}

std::string internal::new_uuid() {
  std::string digits = std::to_string(++latest);
  return std::string(kPrefix) + std::string(kDigits - digits.size(), '0') + digits;
}

double internal::random_unit() { return source->unit(); }

}  // namespace mongoelector
