// Leases of one process on MongoDB are renewed: round trips, and what 10,000 cost.
#include <algorithm>
#include <chrono>
#include <thread>

#include "bench/bare.h"
#include "bench/bench.h"
#include "bench/process.h"
#include "support/mongod.h"
#include "support/tcp_proxy.h"

namespace mongoelector::bench {

namespace {

constexpr int kMany = 10'000;
constexpr std::size_t kBatch = 1000;
constexpr int kTtlSeconds = 20;
constexpr Duration kPeriod = std::chrono::seconds(kTtlSeconds) / 5;

// A process that holds locks, behind a proxy that counts what it sends.
class Holding {
 public:
  Holding(const test::Mongod& server, int count)
      : proxy_(server.port(), test::TcpProxy::Speech::mongodb),
        holder_(start_role({"holder",
                            "mongodb://127.0.0.1:" + std::to_string(proxy_.port()) + "/ours_" +
                                std::to_string(count) + "?directConnection=true",
                            std::to_string(count), std::to_string(kTtlSeconds)})) {
    for (int i = 0; i < 4; ++i) holder_.read_number();
  }

  // Leases acquired at different moments come to be renewed together within a few periods.
  // Returns half a period after such a renewal, so that no period counted from then on cuts one.
  void settle() const {
    std::this_thread::sleep_for(3 * kPeriod);
    const int before = updates();
    while (updates() == before) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::this_thread::sleep_for(kPeriod / 2);
  }
  // Renewals sent in the next period.
  int count_period() const {
    const int before = updates();
    std::this_thread::sleep_for(kPeriod);
    return updates() - before;
  }
  long long owned() {
    holder_.tell("owned");
    return holder_.read_number();
  }

 private:
  int updates() const {
    const auto commands = proxy_.counts().commands;
    const auto found = commands.find("update");
    return found == commands.end() ? 0 : found->second;
  }

  test::TcpProxy proxy_;
  Process holder_;
};

void count_round_trips(Group& group, const test::Mongod& server) {
  for (const auto& [count, target] : {std::pair{1, 1}, {100, 1}, {kMany, kMany / 1000}}) {
    Holding holding(server, count);
    holding.settle();
    const int trips = holding.count_period();
    const bool kept = holding.owned() == count;
    group.figures.push_back({.what = "round trips in which a process renews " +
                                     std::to_string(count) + " held locks, MongoDB",
                             .reached = std::to_string(trips) + (kept ? "" : "; some were lost"),
                             .target = "<= " + std::to_string(target),
                             .met = kept && trips <= target});
  }
}

std::vector<Lease> claim_many(LeaseStore& store) {
  std::vector<Lease> leases;
  for (int i = 0; i < kMany; ++i) {
    const std::string name = "lock " + std::to_string(i);
    leases.push_back({.key = Key::lock(name),
                      .id = LeaseId("lease of " + name),
                      .ttl = std::chrono::minutes(10)});
  }
  std::vector<std::jthread> threads;
  constexpr std::size_t kAtATime = 16;
  for (std::size_t t = 0; t < kAtATime; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = t; i < leases.size(); i += kAtATime) {
        Lease& lease = leases[i];
        lease.token = store
                          .claim({.key = lease.key,
                                  .holder = {.uuid = lease.key.name(), .host = "bench"},
                                  .lease_id = lease.id,
                                  .ttl = lease.ttl})
                          .token;
      }
    });
  }
  threads.clear();  // waits for them
  return leases;
}

}  // namespace

Group measure_renewals() {
  const auto server = test::Mongod::replica_set();
  Group group{"renewals"};
  const auto session = connect(server->uri("ours"));
  const std::vector<Lease> leases = claim_many(session->store());
  BareClient bare(server->uri("ours"));
  const auto in_batches = [&](const auto& renew) {
    return timed([&] {
      for (std::size_t from = 0; from < leases.size(); from += kBatch)
        renew(std::span(leases).subspan(from, kBatch));
    });
  };
  const auto ours = [&](std::span<const Lease> batch) {
    const RenewReply reply = session->store().renew(batch);
    if (std::ranges::count(reply.outcomes, Outcome::granted) != std::ssize(batch))
      throw std::runtime_error("renewal: " + reply.detail);
  };
  in_batches(ours);  // the first renewal of a lease also stores its token
  Sample batched;
  Sample each;
  for (int round = 0; round < 5; ++round) {
    each.add(in_batches([&](std::span<const Lease> batch) { bare.renew_each(batch); }));
    batched.add(in_batches(ours));
  }
  const double ratio = each.p50() / batched.p50();
  group.figures.push_back({.what = "10,000 leases renewed, MongoDB",
                           .reached = text_of(batched.p50(), "ms") + " = 1/" +
                                      text_of(ratio, "of it"),
                           .beside = "a statement a lease, 1,000 a command: " +
                                     text_of(each.p50(), "ms"),
                           .target = "<= 1/4",
                           .met = ratio >= 4});
  count_round_trips(group, *server);
  return group;
}

}  // namespace mongoelector::bench
