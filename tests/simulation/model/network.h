// Between clients and the members of the store: delays with a long tail, lost requests and replies,
// duplicates, links that are cut in one direction, a store that hangs. A call always ends: with
// what the server said, or with what the driver says when it has waited long enough, whatever still
// happens to the request.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "simulation/model/store_model.h"

namespace mongoelector::simulation {

class Network {
 public:
  Network(Telling& telling, StoreModel& store);

  // `answered` runs exactly once.
  void call(const Request& request, const Respond& answered);

  void cut(int client, bool there, bool back, TrueTime until);
  void cut_link(int client, int member, bool there, bool back, TrueTime until);
  // Stops all links one after another and brings them back in another order.
  void swizzle(Duration length);
  // Whoever wins a claim next does not hear of it, nor of anything else from then on.
  void deafen_next_winner() { deafens_winner_ = true; }
  void hang(TrueTime until) { hangs_until_ = until; }
  // No new faults but cuts made from now on; what is on its way already still takes its time.
  void heal();
  Duration one_way();
  bool hears(int client) const;

 private:
  struct Link {
    TrueTime cut_there{};
    TrueTime cut_back{};
  };
  // Whom a client takes for the primary, and since when.
  struct View {
    int member = 0;
    TrueTime looked = TrueTime::min() / 2;
  };
  using Once = std::shared_ptr<Respond>;

  Link& link(int client, int member);
  std::optional<int> primary_for(int client);
  void fail(const Once& once, Duration after, Failure failure);
  void deliver(const Request& request, int member, TrueTime when, const Once& once);
  void reply(int client, int member, const Served& served, const Once& once);

  Telling& around_;
  StoreModel& store_;
  std::vector<Link> links_;
  std::vector<View> views_;
  TrueTime hangs_until_{};
  bool deafens_winner_ = false;
};

}  // namespace mongoelector::simulation
