// Between clients and the store: delays, lost requests and replies, duplicates, cuts, a store that
// hangs. A call always ends: with the reply, or with "unknown" when the client has waited long
// enough, whatever still happens to the request.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "simulation/model/profile.h"
#include "simulation/model/store_model.h"

namespace mongoelector::simulation {

class Network {
 public:
  template <class Reply>
  using Execute = std::function<Reply(StoreModel&)>;
  template <class Reply>
  using Answered = std::function<void(const Reply&)>;

  Network(World& world, const Profile& profile, StoreModel& store)
      : world_(world),
        profile_(profile),
        store_(store),
        links_(static_cast<std::size_t>(profile.clients)) {}

  // `execute` runs at the store: once, twice, or never. `answered` runs exactly once.
  template <class Reply>
  void call(int client, const Execute<Reply>& execute, const Answered<Reply>& answered) {
    const auto once = std::make_shared<Answered<Reply>>(answered);
    const Route route = draw_route(client);
    world_.at(route.given_up, [once, outcome = route.outcome] {
      Reply reply{};
      reply.outcome = outcome;
      if (const auto answer = std::exchange(*once, nullptr)) answer(reply);
    });
    if (route.duplicate) {
      execute_at(*route.duplicate, [this, execute] { execute(store_); });
    }
    if (!route.arrives) return;
    execute_at(*route.arrives, [this, client, execute, once] {
      const Reply reply = execute(store_);
      const auto back = draw_way_back(client);
      if (!back) return;
      world_.at(*back, [once, reply] {
        if (const auto answer = std::exchange(*once, nullptr)) answer(reply);
      });
    });
  }

  void cut(int client, bool there, bool back, TrueTime until);
  void hang(TrueTime until) { hangs_until_ = until; }
  // No new faults but cuts made from now on; what is on its way already still takes its time.
  void heal();
  bool healed() const { return healed_; }
  Duration one_way();
  // What a store sometimes says of a write that it has executed (no majority in time, say).
  template <class Reply>
  Reply doubted(Reply reply) {
    if (!healed_ && world_.random.chance(profile_.doubt_reply)) {
      reply = Reply{};
      reply.outcome = Outcome::unknown;
    }
    return reply;
  }

 private:
  struct Route {
    std::optional<TrueTime> arrives = {};
    std::optional<TrueTime> duplicate = {};
    TrueTime given_up{};  // when the client stops waiting, and what it says then
    Outcome outcome = Outcome::unknown;
  };
  struct Link {
    TrueTime cut_there{};
    TrueTime cut_back{};
  };

  Route draw_route(int client);
  std::optional<TrueTime> draw_way_back(int client);
  void execute_at(TrueTime when, World::Job job);

  World& world_;
  const Profile& profile_;
  StoreModel& store_;
  std::vector<Link> links_;
  TrueTime hangs_until_{};
  bool healed_ = false;
};

}  // namespace mongoelector::simulation
