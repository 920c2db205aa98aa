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

constexpr Outcome held = Outcome::held;
constexpr Outcome away = Outcome::unreachable;
constexpr Outcome unsure = Outcome::unknown;
constexpr Outcome denied = Outcome::denied;

// The first row that fits counts. A code that is not listed may have been executed.
// clang-format off
constexpr Row kRows[] = {
    //                             claim   renew   release read
    {Source::not_sent,       kAny,  away,   away,   away,   away},
    {Source::network,        kAny,  unsure, unsure, unsure, away},
    {Source::authentication, kAny,  denied, denied, denied, denied},
    {Source::incompatible,   kAny,  denied, denied, denied, denied},
    {Source::usage,          kAny,  denied, denied, denied, denied},
    {Source::write_concern,  kAny,  unsure, unsure, unsure, away},
    // Somebody inserted the key between our look and our insert, again and again.
    {Source::server,         11000, held,   unsure, unsure, away},
    // Refused before anything was done: not the primary (any more).
    {Source::server,         10107, away,   away,   away,   away},   // NotWritablePrimary
    {Source::server,         13435, away,   away,   away,   away},   // NotPrimaryNoSecondaryOk
    {Source::server,         13436, away,   away,   away,   away},   // NotPrimaryOrSecondary
    // Refused for good: privilege, or a deployment that cannot do this.
    {Source::server,         13,    denied, denied, denied, denied}, // Unauthorized
    {Source::server,         18,    denied, denied, denied, denied}, // AuthenticationFailed
    {Source::server,         8000,  denied, denied, denied, denied}, // AtlasError
    {Source::server,         59,    denied, denied, denied, denied}, // CommandNotFound
    {Source::server,         61,    denied, denied, denied, denied}, // ShardKeyNotFound
    {Source::server,         73,    denied, denied, denied, denied}, // InvalidNamespace
    {Source::server,         115,   denied, denied, denied, denied}, // CommandNotSupported
    {Source::server,         121,   denied, denied, denied, denied}, // DocumentValidationFailure
    {Source::server,         166,   denied, denied, denied, denied}, // CommandNotSupportedOnView
    // Begun, then given up: interrupted, shutting down, stepping down (6, 7, 24, 50, 89, 91, 189,
    // 262, 9001, 11600, 11602), and whatever a later server says.
    {Source::server,         kAny,  unsure, unsure, unsure, away},
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
