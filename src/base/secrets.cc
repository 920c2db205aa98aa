#include "base/secrets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

#include "mongoelector/connect.h"

namespace mongoelector {

namespace internal {

namespace {

// Options whose name holds one of these have a secret for a value: tlsCertificateKeyFilePassword,
// proxyPassword, and whatever else somebody takes for an option. authMechanismProperties may hold
// the token of an AWS session.
constexpr std::array<std::string_view, 5> kSecretNames{"password", "passwd", "token", "secret",
                                                       "authmechanismproperties"};

bool names_a_secret(std::string_view option) {
  std::string name(option);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::any_of(kSecretNames.begin(), kSecretNames.end(), [&](std::string_view secret) {
    return name.find(secret) != std::string::npos;
  });
}

void add(std::vector<Span>& spans, Span span) {
  if (span.begin >= span.end) return;
  if (!spans.empty() && span.begin <= spans.back().end) {
    spans.back().end = std::max(spans.back().end, span.end);
  } else {
    spans.push_back(span);
  }
}

}  // namespace

std::vector<Span> secrets_in(std::string_view uri) {
  std::vector<Span> spans;
  if (uri.starts_with("sqlite:")) return spans;
  const std::size_t scheme = uri.find("://");
  // Whoever forgets the scheme still has a password in it.
  const std::size_t from = scheme == std::string_view::npos ? 0 : scheme + 3;
  // A password that was not percent-encoded may hold '/', '@' or ':'; hiding too much is the safe
  // mistake.
  const std::size_t at = uri.rfind('@');
  if (at != std::string_view::npos && at >= from) {
    const std::size_t colon = uri.find(':', from);
    if (colon < at) add(spans, {colon + 1, at});
  }
  for (std::size_t begin = uri.find('?', from); begin < uri.size();) {
    ++begin;
    const std::size_t end = std::min(uri.find_first_of("&;?", begin), uri.size());
    const std::size_t equals = uri.find('=', begin);
    if (equals < end && names_a_secret(uri.substr(begin, equals - begin)))
      add(spans, {equals + 1, end});
    begin = end;
  }
  return spans;
}

}  // namespace internal

namespace {

std::string without_secrets(std::string_view uri) {
  std::string shown;
  std::size_t from = 0;
  for (const internal::Span& secret : internal::secrets_in(uri)) {
    shown += std::string(uri.substr(from, secret.begin - from)) + "***";
    from = secret.end;
  }
  return shown + std::string(uri.substr(from));
}

}  // namespace

std::string redact_uri(std::string_view uri) {
  // What is left of a damaged one may look like another secret.
  constexpr int kMostTimes = 16;
  std::string shown = without_secrets(uri);
  for (int times = 0; times < kMostTimes; ++times) {
    std::string again = without_secrets(shown);
    if (again == shown) break;
    shown = std::move(again);
  }
  return shown;
}

}  // namespace mongoelector
