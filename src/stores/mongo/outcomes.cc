#include "stores/mongo/outcomes.h"

#include <algorithm>
#include <iterator>

namespace mongoelector::internal::mongo {

namespace {

constexpr int kAny = 0;

// Writes have three phases with one answer each; a read changes nothing, so that what is unsure of
// a write is merely no answer of a read.
struct Row {
  Source source;
  int code;
  Outcome claim;
  Outcome renew;
  Outcome release;
  Outcome read;
};

constexpr Outcome kHeld = Outcome::held;
constexpr Outcome kAway = Outcome::unreachable;
constexpr Outcome kUnsure = Outcome::unknown;
constexpr Outcome kDenied = Outcome::denied;

// The first row that fits counts. A code that is not listed may have been executed.
// clang-format off
constexpr Row kRows[] = {
    //                              claim    renew    release  read
    {Source::not_sent,       kAny,  kAway,   kAway,   kAway,   kAway},
    {Source::network,        kAny,  kUnsure, kUnsure, kUnsure, kAway},
    {Source::authentication, kAny,  kDenied, kDenied, kDenied, kDenied},
    {Source::incompatible,   kAny,  kDenied, kDenied, kDenied, kDenied},
    {Source::usage,          kAny,  kDenied, kDenied, kDenied, kDenied},
    {Source::write_concern,  kAny,  kUnsure, kUnsure, kUnsure, kAway},
    // Somebody inserted the key between our look and our insert, again and again.
    {Source::server,         11000, kHeld,   kUnsure, kUnsure, kAway},
    // Refused before anything was done: not the primary (any more).
    {Source::server,         10107, kAway,   kAway,   kAway,   kAway},   // NotWritablePrimary
    {Source::server,         13435, kAway,   kAway,   kAway,   kAway},   // NotPrimaryNoSecondaryOk
    {Source::server,         13436, kAway,   kAway,   kAway,   kAway},   // NotPrimaryOrSecondary
    // Refused for good: privilege, or a deployment that cannot do this.
    {Source::server,         13,    kDenied, kDenied, kDenied, kDenied}, // Unauthorized
    {Source::server,         18,    kDenied, kDenied, kDenied, kDenied}, // AuthenticationFailed
    {Source::server,         8000,  kDenied, kDenied, kDenied, kDenied}, // AtlasError
    {Source::server,         59,    kDenied, kDenied, kDenied, kDenied}, // CommandNotFound
    {Source::server,         61,    kDenied, kDenied, kDenied, kDenied}, // ShardKeyNotFound
    {Source::server,         73,    kDenied, kDenied, kDenied, kDenied}, // InvalidNamespace
    {Source::server,         115,   kDenied, kDenied, kDenied, kDenied}, // CommandNotSupported
    {Source::server,         121,   kDenied, kDenied, kDenied, kDenied}, // DocumentValidationFailure
    {Source::server,         166,   kDenied, kDenied, kDenied, kDenied}, // CommandNotSupportedOnView
    // Begun, then given up: interrupted, shutting down, stepping down (6, 7, 24, 50, 89, 91, 189,
    // 262, 9001, 11600, 11602), and whatever a later server says.
    {Source::server,         kAny,  kUnsure, kUnsure, kUnsure, kAway},
};
// clang-format on

}  // namespace

Outcome outcome_of(const Failure& failure, Phase phase) {
  const Row* row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& candidate) {
    return candidate.source == failure.source &&
           (candidate.code == failure.code || candidate.code == kAny);
  });
  if (row == std::end(kRows)) return Outcome::unknown;
  switch (phase) {
    case Phase::claim: return row->claim;
    case Phase::renew: return row->renew;
    case Phase::release: return row->release;
    case Phase::read: return row->read;
  }
  return Outcome::unknown;
}

}  // namespace mongoelector::internal::mongo
