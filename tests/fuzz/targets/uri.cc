// Connection strings and the options in them: refused with a word, or taken; never shown with a
// password. The first byte says whether one is planted, which then must not be seen anywhere.
#include "base/secrets.h"
#include "fuzz/fuzz.h"
#include "mongoelector/connect.h"
#include "mongoelector/error.h"
#include "stores/mongo/driver.h"

using namespace mongoelector;
using fuzz::require;

namespace {

constexpr std::string_view kSecret = "hUsHhUsH42";

void check_spans(std::string_view uri) {
  std::size_t from = 0;
  for (const internal::Span& span : internal::secrets_in(uri)) {
    require(span.begin >= from && span.begin < span.end && span.end <= uri.size(),
            "a secret outside of the URI");
    from = span.end;
  }
}

// What the driver's side makes of it. Nothing is connected to; names with +srv would be looked up.
std::string refusal(const std::string& uri) {
  if (!uri.starts_with("mongodb://")) return "";
  try {
    internal::mongo::Driver driver(uri, "fuzz");
    return driver.location();
  } catch (const ConnectError& error) {
    return error.what();
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  bool planted = input.byte() % 2 == 1;
  std::string uri(input.rest());
  // As the name of a host it is no secret.
  if (uri.find(kSecret) != std::string::npos) planted = false;
  if (planted) uri = "mongodb://user:" + std::string(kSecret) + "@" + uri;
  check_spans(uri);
  const std::string shown = redact_uri(uri);
  require(redact_uri(shown) == shown, "what is shown hides something still");
  const std::string said = refusal(uri);
  if (planted) {
    require(shown.find(kSecret) == std::string::npos, "the password is shown");
    require(said.find(kSecret) == std::string::npos, "the password is told");
  }
  return 0;
}
