#include "simulation/model/network.h"

#include <algorithm>

namespace mongoelector::simulation {

Duration Network::one_way() {
  if (healed_) return std::min(world_.random.about(profile_.delay), profile_.call_timeout / 4);
  if (world_.random.chance(profile_.slow))
    return world_.random.between(profile_.delay, profile_.slowest);
  return world_.random.about(profile_.delay);
}

Network::Route Network::draw_route(int client) {
  Random& random = world_.random;
  const TrueTime now = world_.now();
  Route route{.given_up = now + profile_.call_timeout};
  const Link& link = links_[static_cast<std::size_t>(client)];
  if (now < link.cut_there) return route;
  if (!healed_) {
    const bool denied = random.chance(profile_.deny_request);
    if (denied || random.chance(profile_.refuse_request)) {
      route.outcome = denied ? Outcome::denied : Outcome::unreachable;
      route.given_up = now + one_way();
      return route;
    }
    if (random.chance(profile_.lose_request)) return route;
    if (random.chance(profile_.duplicate))
      route.duplicate = now + random.between(profile_.delay, profile_.slowest);
  }
  route.arrives = now + one_way();
  return route;
}

std::optional<TrueTime> Network::draw_way_back(int client) {
  const TrueTime now = world_.now();
  const Link& link = links_[static_cast<std::size_t>(client)];
  if (now < link.cut_back) return std::nullopt;
  if (!healed_ && world_.random.chance(profile_.lose_reply)) return std::nullopt;
  return now + one_way();
}

void Network::execute_at(TrueTime when, World::Job job) {
  world_.at(when, [this, job = std::move(job)] {
    if (world_.now() >= hangs_until_) return job();
    // When the store runs again, what has piled up comes in any order.
    execute_at(hangs_until_ + world_.random.about(profile_.delay), job);
  });
}

void Network::cut(int client, bool there, bool back, TrueTime until) {
  Link& link = links_[static_cast<std::size_t>(client)];
  if (there) link.cut_there = until;
  if (back) link.cut_back = until;
}

void Network::heal() {
  healed_ = true;
  links_.assign(links_.size(), {});
  hangs_until_ = {};
}

}  // namespace mongoelector::simulation
