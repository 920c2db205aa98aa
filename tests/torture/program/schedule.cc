#include "torture/program/schedule.h"

#include <array>
#include <random>
#include <stdexcept>

namespace mongoelector::torture {

namespace {

using Random = std::mt19937_64;
using enum FaultKind;

constexpr std::array<const char*, kFaultKinds> kNames{
    "stop",        "freeze",    "throttle",     "kill",          "kill tree",
    "deaf",        "mute",      "cut off",      "busy",          "member kill",
    "member stop", "step down", "partition in", "partition out", "partition both",
    "reset",       "delay",     "drip",         "half open",     "swallow"};

struct Mix {
  const char* name;
  // Drawn evenly: what stands here twice comes twice as often.
  std::vector<FaultKind> clients;
  std::vector<FaultKind> store;
};

const std::vector<Mix>& all_mixes(Store store) {
  static const std::vector<Mix> mongodb{
      {"pauses", {stop, stop, freeze}, {member_stop, half_open, delay}},
      {"kills", {kill, kill, kill_tree}, {member_kill}},
      {"network",
       {deaf, mute, cut_off},
       {reset, delay, drip, half_open, swallow, partition_in, partition_out, partition_both}},
      {"failover", {kill, stop}, {step_down, step_down, member_kill, member_stop, partition_both}},
      {"cpu", {throttle, throttle, stop, kill}, {step_down, delay}},
      {"everything",
       {stop, freeze, throttle, kill, kill, kill_tree, deaf, mute, cut_off},
       {member_kill, member_stop, step_down, step_down, partition_in, partition_out,
        partition_both, reset, delay, drip, half_open, swallow}}};
  static const std::vector<Mix> sqlite{
      {"pauses", {stop, stop, freeze}, {busy}},
      {"kills", {kill, kill, kill_tree}, {busy}},
      {"network", {stop, kill}, {busy}},
      {"failover", {kill, kill, kill_tree, stop}, {busy}},
      {"cpu", {throttle, throttle, stop, kill}, {busy}},
      {"everything", {stop, freeze, throttle, kill, kill, kill_tree}, {busy}}};
  return store == Store::mongodb ? mongodb : sqlite;
}

std::int64_t draw(Random& random, std::int64_t from, std::int64_t to) {
  // The library's distributions may differ from one to the next; a replay must not.
  return from + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(to - from + 1));
}

FaultKind pick(Random& random, const std::vector<FaultKind>& kinds) {
  return kinds[static_cast<std::size_t>(draw(random, 0, std::ssize(kinds) - 1))];
}

// From a blink to longer than any lease of the torture.
std::int64_t draw_length(Random& random) {
  return draw(random, 0, 2) == 0 ? draw(random, 50, 600) : draw(random, 1000, 7000);
}

}  // namespace

const char* name_of(FaultKind kind) { return kNames.at(static_cast<std::size_t>(kind)); }

bool is_of_client(FaultKind kind) { return kind < busy; }

const std::vector<std::string>& mixes() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Mix& mix : all_mixes(Store::mongodb)) all.push_back(mix.name);
    return all;
  }();
  return names;
}

Schedule draw_schedule(std::uint64_t seed, const std::string& mix, Store store,
                       std::int64_t length_ms) {
  const Mix* kinds = nullptr;
  for (const Mix& candidate : all_mixes(store))
    if (mix == candidate.name) kinds = &candidate;
  if (kinds == nullptr) throw std::invalid_argument("there is no mix \"" + mix + "\"");
  Schedule schedule;
  constexpr std::int64_t kFirst = 500;
  Random clients(seed);
  for (std::int64_t at = kFirst; (at += draw(clients, 500, 2200)) < length_ms;) {
    Fault fault{.at_ms = at, .for_ms = draw_length(clients), .kind = pick(clients, kinds->clients)};
    fault.target = static_cast<int>(draw(clients, 0, kClients - 1));
    // Every other one goes where it hurts.
    if (draw(clients, 0, 1) == 0)
      fault.target = draw(clients, 0, 1) == 0 ? kElectionHolder : kLockHolder;
    fault.role = static_cast<Role>(draw(clients, 0, 2));
    schedule.clients.push_back(fault);
  }
  Random members(seed ^ 0x5eed);
  for (std::int64_t at = kFirst; (at += draw(members, 500, 4000)) < length_ms;) {
    Fault fault{.at_ms = at, .for_ms = draw_length(members), .kind = pick(members, kinds->store)};
    // While it lasts nothing at all happens, so it must not last for long most of the time.
    if (fault.kind == busy && draw(members, 0, 3) > 0) fault.for_ms %= 600;
    // The primary most of the time: there it hurts.
    fault.target = static_cast<int>(std::max<std::int64_t>(draw(members, -3, 2), 0));
    schedule.store.push_back(fault);
    at += fault.for_ms;
  }
  return schedule;
}

}  // namespace mongoelector::torture
