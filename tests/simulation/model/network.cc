#include "simulation/model/network.h"

#include <algorithm>

namespace mongoelector::simulation {

namespace {

constexpr int kUnauthorized = 13;
constexpr int kInterrupted = 11601;

void once(const std::shared_ptr<Respond>& answer, const Served& served) {
  if (const Respond respond = std::exchange(*answer, nullptr)) respond(served);
}

}  // namespace

Network::Network(Telling& telling, StoreModel& store)
    : around_(telling),
      store_(store),
      links_(static_cast<std::size_t>(telling.profile.clients * store.members())),
      views_(static_cast<std::size_t>(telling.profile.clients)) {}

Network::Link& Network::link(int client, int member) {
  return links_[static_cast<std::size_t>(client * store_.members() + member)];
}

Duration Network::one_way() {
  const Profile& profile = around_.profile;
  Random& random = around_.world.random;
  // In calm a call is over within its budget, or programs that renew by hand would come too late.
  if (around_.healed) {
    const Duration most = std::min(profile.call_timeout, profile.timing.call_budget) / 4;
    return std::min(random.about(profile.delay), most);
  }
  if (!random.chance(profile.slow)) return random.about(profile.delay);
  around_.count(Fault::message_late);
  return random.between(profile.delay, profile.slowest);
}

bool Network::hears(int client) const {
  const Link& first = links_[static_cast<std::size_t>(client * store_.members())];
  return around_.world.now() >= first.cut_back;
}

// What the driver's monitors have found: of all members that can be reached and say that they lead,
// the one that was elected last. They look every now and then, not always, and have connections of
// their own, which may bring replies while that of the calls does not.
std::optional<int> Network::primary_for(int client) {
  View& view = views_[static_cast<std::size_t>(client)];
  const TrueTime now = around_.world.now();
  if (now - view.looked < around_.profile.heartbeat) return view.member;
  std::optional<int> best;
  for (int member = 0; member < store_.members(); ++member) {
    const Link& way = link(client, member);
    if (now < way.cut_there || store_.claim_to_lead(member) == 0) continue;
    if (!best || store_.claim_to_lead(member) > store_.claim_to_lead(*best)) best = member;
  }
  if (best) view = {.member = *best, .looked = now};
  return best;
}

void Network::fail(const Once& answer, Duration after, Failure failure) {
  around_.world.after(after, [answer, failure = std::move(failure)] {
    once(answer, {.failure = failure});
  });
}

void Network::call(const Request& request, const Respond& answered) {
  const auto answer = std::make_shared<Respond>(answered);
  const Profile& profile = around_.profile;
  Random& random = around_.world.random;
  const TrueTime now = around_.world.now();
  const auto member = primary_for(request.client);
  if (!member) return fail(answer, profile.call_timeout, {.source = Source::not_sent});
  fail(answer, profile.call_timeout, {.source = Source::network});
  if (now < link(request.client, *member).cut_there) return;
  if (!around_.healed) {
    if (random.chance(profile.deny_request)) {
      around_.count(Fault::request_denied);
      return fail(answer, one_way(), {.source = Source::server, .code = kUnauthorized});
    }
    if (random.chance(profile.refuse_request)) {
      around_.count(Fault::request_refused);
      return fail(answer, one_way(), {.source = Source::not_sent});
    }
    if (random.chance(profile.lose_request)) return around_.count(Fault::request_lost);
    if (request.verb != Verb::read && random.chance(profile.duplicate)) {
      around_.count(Fault::request_duplicated);
      const Duration late = random.between(profile.delay, profile.slowest);
      deliver(request, *member, now + late, std::make_shared<Respond>(nullptr));
    }
  }
  deliver(request, *member, now + one_way(), answer);
}

void Network::deliver(const Request& request, int member, TrueTime when, const Once& answer) {
  around_.world.at(when, [this, request, member, answer] {
    const TrueTime now = around_.world.now();
    if (now < hangs_until_) {
      // When the store runs again, what has piled up comes in any order.
      const Duration queue = around_.world.random.about(around_.profile.delay);
      return deliver(request, member, hangs_until_ + queue, answer);
    }
    View& view = views_[static_cast<std::size_t>(request.client)];
    if (!store_.up(member)) {
      view.looked = TrueTime::min() / 2;
      if (around_.world.random.chance(0.5))
        fail(answer, one_way(), {.source = Source::not_sent});
      return;
    }
    store_.execute(request, member, [this, client = request.client, verb = request.verb, member,
                                     answer](const Served& served) {
      if (verb == Verb::claim && served.matched && std::exchange(deafens_winner_, false))
        cut(client, false, true, TrueTime::max());
      reply(client, member, served, answer);
    });
  });
}

void Network::reply(int client, int member, const Served& served, const Once& answer) {
  Random& random = around_.world.random;
  const Profile& profile = around_.profile;
  if (around_.world.now() < link(client, member).cut_back) return;
  if (served.failure && served.failure->source == Source::server)
    views_[static_cast<std::size_t>(client)].looked = TrueTime::min() / 2;
  Served said = served;
  if (!around_.healed) {
    if (random.chance(profile.lose_reply)) return around_.count(Fault::reply_lost);
    if (random.chance(profile.doubt_reply)) {
      around_.count(Fault::effect_doubted);
      said = {.failure = Failure{.source = random.chance(0.5) ? Source::server : Source::network,
                                 .code = kInterrupted}};
    }
  }
  around_.world.after(one_way(), [answer, said] { once(answer, said); });
}

void Network::cut_link(int client, int member, bool there, bool back, TrueTime until) {
  Link& way = link(client, member);
  if (there) way.cut_there = until;
  if (back) way.cut_back = until;
}

void Network::cut(int client, bool there, bool back, TrueTime until) {
  for (int member = 0; member < store_.members(); ++member)
    cut_link(client, member, there, back, until);
}

void Network::swizzle(Duration length) {
  Random& random = around_.world.random;
  for (int client = 0; client < around_.profile.clients; ++client) {
    const Duration from = random.between(Duration(0), length / 2);
    const TrueTime until = around_.world.now() + random.between(length / 2, length);
    around_.world.after(from, [this, client, until] {
      if (!around_.healed) cut(client, true, true, until);
    });
  }
}

void Network::heal() {
  links_.assign(links_.size(), {});
  views_.assign(views_.size(), {});
  hangs_until_ = {};
}

}  // namespace mongoelector::simulation
