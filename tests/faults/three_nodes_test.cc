// A replica set of three real servers that crashes, freezes, steps down and falls apart under
// candidates and lockers: never two holders, tokens that grow, ends that are told in time; and by
// which clock an expiry is believed after a failover.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <thread>

#include "base/ids.h"
#include "faults/terms.h"
#include "mongoelector/mongoelector.h"
#include "stores/mongo/mongo_store.h"
#include "support/eventually.h"
#include "support/replica_set.h"

namespace mongoelector::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Steady = std::chrono::steady_clock;
using Direction = ReplicaSet::Direction;
using With = ReplicaSet::With;

constexpr Duration kTtl = seconds(2);
constexpr Duration kMargin = kTtl / 5;
constexpr milliseconds kHeldFor(700);  // a lock
constexpr std::chrono::minutes kWholeTest(10);

class ThreeServers : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared = std::make_unique<ReplicaSet>(ReplicaSet::Links::proxied);
  }
  static void TearDownTestSuite() { shared.reset(); }
  void TearDown() override {
    set_.heal();
    set_.await_all();
  }

  static std::unique_ptr<ReplicaSet> shared;
  ReplicaSet& set_ = *shared;
  const std::string database_ = fresh_database();
};

std::unique_ptr<ReplicaSet> ThreeServers::shared;

// Somebody who wants a key, on a session of his own, until told to go.
class Worker {
 public:
  template <class Work>
  explicit Worker(Work work) : thread_([this, work] { work(over_); }) {}
  ~Worker() {
    over_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> over_{false};
  std::thread thread_;
};

void contend(const std::string& uri, const std::string& name, Terms& terms,
             const std::atomic<bool>& over) {
  MongoElector elector(connect(uri), "billing",
                       {.ttl = kTtl,
                        .onmasterloss = [&](const Term& term) {
                          terms.told("billing", term.token());
                        },
                        .timeparanoid = false});
  elector.start();
  eventually(
      [&] {
        const auto looked = Steady::now();
        const auto term = elector.term();
        const Duration left = term ? term->remaining() : Duration::zero();
        if (left > Duration::zero())
          terms.seen("billing", name, term->token(), looked, left, kMargin);
        return over.load();
      },
      kWholeTest);
}

void lock_and_unlock(const std::string& uri, const std::string& name, Terms& terms,
                     const std::atomic<bool>& over) {
  MongoLocker lock(connect(uri), "nightly",
                   {.ttl = kTtl, .timeparanoid = false, .on_lost = [&](Token token) {
                      terms.told("nightly", token);
                    }});
  while (!over) {
    if (!lock.try_lock_for(milliseconds(300))) continue;
    const Token token = lock.token();
    eventually(
        [&] {
          const auto looked = Steady::now();
          const Duration left = lock.remaining();
          if (left > Duration::zero()) terms.seen("nightly", name, token, looked, left, kMargin);
          return over || left == Duration::zero();
        },
        kHeldFor);
    // Only the term that ended by itself must be told.
    if (lock.owned()) terms.given_back("nightly", token);
    lock.release();
  }
}

TEST_F(ThreeServers, never_have_two_holders_whatever_happens_to_them) {
  Terms terms;
  const std::string uri = set_.uri(database_);
  const auto goes_on = [&](const char* after) {
    const auto now = Steady::now();
    EXPECT_TRUE(eventually([&] { return terms.since("nightly", now) > 0; })) << after;
    // A master that kept its term through it is one too.
    EXPECT_TRUE(eventually([&] {
      for (const SeenTerm& term : terms.all())
        if (term.key == "billing" && term.last > now) return true;
      return false;
    })) << after;
  };
  {
    std::vector<std::unique_ptr<Worker>> workers;
    for (const std::string name : {"candidate 1", "candidate 2", "candidate 3"})
      workers.push_back(std::make_unique<Worker>(
          [&, name](const std::atomic<bool>& over) { contend(uri, name, terms, over); }));
    for (const std::string name : {"locker 1", "locker 2"})
      workers.push_back(std::make_unique<Worker>(
          [&, name](const std::atomic<bool>& over) { lock_and_unlock(uri, name, terms, over); }));
    goes_on("the start");

    int primary = set_.await_primary();
    set_.kill(primary);
    set_.await_primary(primary);
    goes_on("kill -9 of the primary");
    set_.restart(primary);
    set_.await_all();

    primary = set_.await_primary();
    set_.suspend(primary);
    set_.await_primary(primary);
    goes_on("SIGSTOP of the primary");
    set_.resume(primary);
    set_.await_all();
    goes_on("SIGCONT of the old primary");

    set_.step_down();
    goes_on("a stepdown");

    for (const Direction direction : {Direction::in, Direction::out, Direction::both}) {
      primary = set_.await_primary();
      set_.partition(primary, direction, With::members);
      set_.await_primary(primary);
      // Whether anybody gets on meanwhile depends on whom the third member copies from: it may hang
      // on to the one that is cut off for a minute.
      set_.heal();
      goes_on("a primary cut off from the other members");

      const auto cut = Steady::now();
      set_.partition(set_.await_primary(), direction, With::clients);
      // Nobody can renew, so every term ends by itself.
      EXPECT_TRUE(eventually([&] { return Steady::now() > cut + kTtl; }));
      set_.heal();
      goes_on("a primary cut off from its clients");
    }
  }
  const std::vector<SeenTerm> all = terms.all();
  EXPECT_EQ(breach_in(all), std::nullopt);
  EXPECT_GE(terms.since("billing", {}), 4) << "three times nobody could renew";
}

// Holders that die leave records behind: made with the verbs of a store, renewed by nobody.
class Takeover : public ThreeServers {
 protected:
  std::shared_ptr<LeaseStore> open() const {
    return internal::open_mongo_store(set_.uri(database_), {});
  }
  Lease hold(LeaseStore& store, const std::string& key, Duration ttl) const {
    const ClaimRequest request{.key = Key::lock(key),
                               .holder = {.uuid = internal::new_uuid(), .host = "dead", .pid = 1},
                               .lease_id = internal::new_lease_id(),
                               .ttl = ttl};
    ClaimReply reply;
    EXPECT_TRUE(eventually([&] {
      reply = store.claim(request);
      return reply.outcome == Outcome::granted;
    })) << reply.detail;
    return {.key = request.key, .id = request.lease_id, .token = reply.token, .ttl = ttl};
  }
  // How long a new waiter needs to take it.
  std::future<Duration> take(const std::string& key, mongoelector::Takeover takeover) const {
    return std::async(std::launch::async, [uri = set_.uri(database_), key, takeover] {
      MongoLocker lock(connect(uri, {.takeover = takeover}), key, {.ttl = kTtl});
      const auto before = Steady::now();
      lock.acquire({.timeout = seconds(20)});
      return Duration(Steady::now() - before);
    });
  }
  bool expired(LeaseStore& store, const std::string& key) const {
    const ReadReply reply = store.read(Key::lock(key));
    return reply.record && reply.record->remaining <= Duration::zero();
  }
};

TEST_F(Takeover, an_expiry_is_believed_to_the_clock_that_wrote_it) {
  using mongoelector::Takeover;
  const auto store = open();
  constexpr Duration kLonger = seconds(6);
  const Lease living = hold(*store, "living", kLonger);
  hold(*store, "dead", kTtl);
  hold(*store, "dead, strict", kTtl);
  const int old_primary = set_.await_primary();
  set_.kill(old_primary);
  set_.await_primary(old_primary);
  const auto stamp = [&] { return set_.address(set_.await_primary()); };
  // A holder that lives is judged by the new primary from its next renewal on.
  Outcome outcome = Outcome::unknown;
  Steady::time_point renewed;  // not later than that
  ASSERT_TRUE(eventually([&] {
    renewed = Steady::now();
    outcome = store->renew({&living, 1}).outcomes.at(0);
    return outcome == Outcome::granted || outcome == Outcome::lost;
  }));
  ASSERT_EQ(outcome, Outcome::granted);
  EXPECT_NE(set_.run_command(set_.await_primary(),
                             R"({"find": "mongolocker", "filter": {"_id": "living", "judge": ")" +
                                 stamp() + R"("}})",
                             database_)
                .find(R"("_id" : "living")"),
            std::string::npos);

  hold(*store, "same judge", seconds(1));
  hold(*store, "same judge, strict", seconds(1));
  for (const char* key : {"dead", "dead, strict", "same judge", "same judge, strict"})
    ASSERT_TRUE(eventually([&] { return expired(*store, key); })) << key;
  constexpr Duration kStandsStill = kTtl * 101 / 100;
  auto dead = take("dead", Takeover::same_clock);
  auto strictly_dead = take("dead, strict", Takeover::strict);
  auto same = take("same judge", Takeover::same_clock);
  auto strictly_same = take("same judge, strict", Takeover::strict);
  EXPECT_LT(same.get(), seconds(1));
  EXPECT_GE(strictly_same.get(), Duration(seconds(1)) * 101 / 100);
  for (auto* waiter : {&dead, &strictly_dead}) {
    const Duration took = waiter->get();
    EXPECT_GE(took, kStandsStill);
    EXPECT_LT(took, kStandsStill + seconds(2));
  }
  take("living", Takeover::same_clock).get();
  const Duration whole = Steady::now() - renewed;
  EXPECT_GE(whole, kLonger);
  EXPECT_LT(whole, kLonger + seconds(1)) << "no standing still is asked of it";
  set_.restart(old_primary);
}

}  // namespace
}  // namespace mongoelector::test
