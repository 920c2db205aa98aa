#include "simulation/model/history.h"

#include <array>
#include <cstdio>
#include <string_view>

#include "simulation/model/probes.h"

namespace mongoelector::simulation {

namespace {

constexpr std::array<std::string_view, 31> kNames{
    "holds", "ends", "revoked", "onmaster", "onmaster threw", "loss callback",
    "loss callback done", "sends claim", "sends renew", "sends release", "sends read", "hears",
    "calls", "returns from", "frozen", "thawed", "crashed", "started", "clock set", "writes",
    "created", "extended", "removed", "replaced", "swept", "dropped", "accepted", "refused",
    "new primary", "fault:", "healed"};
constexpr std::array<std::string_view, 4> kVerbs{"claim", "renew", "release", "read"};
constexpr std::array<std::string_view, 8> kCalls{"start",   "stop",  "release", "poll",
                                                 "acquire", "touch", "make",    "destroy"};

std::string seconds(TrueTime time) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6f", static_cast<double>(time.count()) / 1e9);
  return text.data();
}

}  // namespace

std::uint64_t hash_of(const History& history) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  const auto mix = [&hash](std::int64_t value) {
    hash = (hash ^ static_cast<std::uint64_t>(value)) * 0x100000001b3ULL;
    hash ^= hash >> 29;
  };
  for (const Fact& fact : history) {
    mix(fact.when.count());
    mix(static_cast<int>(fact.what));
    mix(fact.client);
    mix(fact.lease);
    mix(static_cast<std::int64_t>(fact.token));
    mix(fact.cause);
    mix(fact.detail);
    mix(fact.until.count());
  }
  return hash;
}

std::string describe(const Fact& fact) {
  std::string text = seconds(fact.when) + "  ";
  text += fact.client >= 0 ? "client " + std::to_string(fact.client) : std::string("store   ");
  text += "  " + std::string(kNames[static_cast<std::size_t>(fact.what)]);
  const auto detail = static_cast<std::size_t>(fact.detail);
  const bool call = fact.what == What::called || fact.what == What::returned;
  if (call) text += " " + std::string(kCalls[detail]);
  if (fact.what == What::hears)
    text += " " + std::string(to_string(static_cast<Outcome>(fact.detail)));
  if (fact.what == What::fault) text += " " + std::string(kFaultNames[detail]);
  if (fact.what == What::failover) text += " is member " + std::to_string(fact.detail);
  if (fact.lease != 0) text += "  lease " + std::to_string(fact.lease);
  if (fact.token != 0) text += "  token " + std::to_string(fact.token);
  if (fact.cause != 0 && !call)
    text += "  by " + std::string(kVerbs[detail]) + " of lease " + std::to_string(fact.cause);
  if (fact.until != TrueTime()) text += "  until " + seconds(fact.until);
  return text;
}

}  // namespace mongoelector::simulation
